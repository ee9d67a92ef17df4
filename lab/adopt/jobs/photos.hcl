# On a PostgreSQL in a task of its group, whose password is in Vault.
variable "port" { type = number }
variable "node" { type = string }
variable "mounts" { type = list(object({ volume = string, destination = string })) }
variable "server" { type = string }
variable "database_port" { type = number }

job "photos" {
  datacenters = ["dc1"]
  group "photos" {
    network {
      mode = "host"
      port "http" {
        static = var.port
      }
      port "db" {
        static = var.database_port
      }
    }
    volume "photos" {
      type   = "host"
      source = "photos_data"
    }
    dynamic "volume" {
      for_each = var.mounts
      labels   = [volume.value.volume]
      content {
        type      = "host"
        source    = volume.value.volume
        read_only = true
      }
    }
    service {
      name = "photos"
      port = "http"
      check {
        type     = "http"
        path     = "/api/server/ping"
        interval = "1s"
        timeout  = "1s"
      }
    }
    task "postgres" {
      driver = "exec"
      lifecycle {
        hook    = "prestart"
        sidecar = true
      }
      config {
        command = "${var.server}/bin/postgres"
        args    = ["-p", var.database_port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
      }
      kill_signal = "SIGINT"
      vault {
        role        = "workloads"
        change_mode = "noop"
      }
      template {
        destination = "secrets/postgres.env"
        env         = true
        data        = <<EOT
POSTGRES_PASSWORD={{ with secret "secret/data/photos" }}{{ .Data.data.password }}{{ end }}
EOT
      }
      env {
        PGDATA        = "/var/lib/postgresql/data/data"
        POSTGRES_USER = "postgres"
        POSTGRES_DB   = "immich"
      }
      volume_mount {
        volume      = "photos"
        destination = "/var/lib/postgresql/data"
      }
      dynamic "volume_mount" {
        for_each = var.mounts
        content {
          volume      = volume_mount.value.volume
          destination = volume_mount.value.destination
          read_only   = true
        }
      }
      service {
        name = "photos-postgres"
        port = "db"
        check {
          type     = "tcp"
          interval = "5s"
          timeout  = "1s"
        }
      }
      resources {
        cpu    = 50
        memory = 256
      }
    }
    task "immich" {
      driver = "exec"
      config {
        command = var.node
        args    = ["/opt/pgmoor/immich.cjs"]
      }
      vault {
        role = "workloads"
      }
      template {
        destination = "secrets/app.env"
        env         = true
        data        = <<EOT
{{ with secret "secret/data/photos" }}
DB_PASSWORD={{ .Data.data.password }}
REDIS_PASSWORD={{ .Data.data.redis_password }}
{{ end }}
EOT
      }
      env {
        DB_HOSTNAME      = "127.0.0.1"
        DB_PORT          = var.database_port
        DB_USERNAME      = "postgres"
        DB_DATABASE_NAME = "immich"
        IMMICH_PORT      = "${NOMAD_PORT_http}"
        REDIS_HOSTNAME   = "redis.service.consul"
      }
      dynamic "volume_mount" {
        for_each = var.mounts
        content {
          volume      = volume_mount.value.volume
          destination = volume_mount.value.destination
          read_only   = true
        }
      }
      resources {
        cpu    = 50
        memory = 200
      }
    }
  }
}
