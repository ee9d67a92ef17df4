# On the central server already, with a password that somebody typed into the job's secret.
variable "port" { type = number }
variable "node" { type = string }
variable "mounts" { type = list(object({ volume = string, destination = string })) }

job "notes" {
  datacenters = ["dc1"]
  group "notes" {
    network {
      mode = "host"
      port "http" {
        static = var.port
      }
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
    task "any" {
      driver = "exec"
      config {
        command = var.node
        args    = ["/opt/pgmoor/any.cjs"]
      }
      vault {
        role = "workloads"
      }
      template {
        destination = "secrets/db.env"
        env         = true
        data        = <<EOT
{{ range service "postgresql" }}
DB_HOST={{ .Address }}
DB_PORT={{ .Port }}
{{ end }}
DB_PASSWORD={{ with secret "secret/data/postgres/notes" }}{{ .Data.data.password }}{{ end }}
EOT
      }
      env {
        PGMOOR_LAB_DSN    = "{\"style\":\"variables\",\"server\":{\"host\":\"DB_HOST\",\"port\":\"DB_PORT\"},\"database\":\"DB_NAME\",\"username\":\"DB_USER\",\"password\":\"DB_PASSWORD\"}"
        PGMOOR_LAB_HEALTH = "/health"
        PGMOOR_LAB_PORT   = "${NOMAD_PORT_http}"
        DB_TYPE           = "postgres"
        DB_NAME           = "notes"
        DB_USER           = "notes"
      }
      service {
        name = "notes"
        port = "http"
        check {
          type     = "http"
          path     = "/health"
          interval = "1s"
          timeout  = "1s"
        }
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
