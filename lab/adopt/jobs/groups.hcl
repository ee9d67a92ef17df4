# Two groups: one on SQLite, and one that has nothing to do with its database.
variable "port" { type = number }
variable "node" { type = string }
variable "mounts" { type = list(object({ volume = string, destination = string })) }

job "groups" {
  datacenters = ["dc1"]
  group "clock" {
    count = 2
    dynamic "volume" {
      for_each = var.mounts
      labels   = [volume.value.volume]
      content {
        type      = "host"
        source    = volume.value.volume
        read_only = true
      }
    }
    task "clock" {
      driver = "exec"
      config {
        command = var.node
        args    = ["-e", "setInterval(() => {}, 60000)"]
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
        cpu    = 20
        memory = 100
      }
    }
  }
  group "vault" {
    network {
      mode = "host"
      port "http" {
        static = var.port
      }
    }
    volume "groups" {
      type   = "host"
      source = "groups_data"
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
      provider = "nomad"
      name     = "groups"
      port     = "http"
      check {
        type     = "http"
        path     = "/alive"
        interval = "1s"
        timeout  = "1s"
      }
    }
    task "vaultwarden" {
      driver = "exec"
      config {
        command = var.node
        args    = ["/opt/pgmoor/vaultwarden.cjs"]
      }
      env {
        DATABASE_URL   = "/data/db.sqlite3"
        DATA_FOLDER    = "/data"
        ROCKET_ADDRESS = "127.0.0.1"
        ROCKET_PORT    = "${NOMAD_PORT_http}"
      }
      volume_mount {
        volume      = "groups"
        destination = "/data"
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
