# What pgmoor cannot do: it is refused by name. Nothing of it runs.
variable "kind" { type = string }

job "refused" {
  datacenters = ["nowhere"]
  group "web" {
    count = var.kind == "counted" ? 2 : 1
    network {
      mode = "bridge"
      port "http" {}
    }
    volume "data" {
      type   = "host"
      source = "vault_data"
    }
    dynamic "service" {
      for_each = var.kind == "mesh" ? [1] : []
      content {
        name = "refused"
        port = "8080"
        connect {
          sidecar_service {}
        }
      }
    }
    task "vaultwarden" {
      driver = "docker"
      config {
        image = "vaultwarden/server:1.37.2"
      }
      env {
        DATABASE_URL = "/data/db.sqlite3"
      }
      volume_mount {
        volume      = "data"
        destination = "/data"
      }
    }
  }
  dynamic "group" {
    for_each = var.kind == "shared" ? [1] : []
    labels   = ["worker"]
    content {
      volume "data" {
        type   = "host"
        source = "vault_data"
      }
      task "worker" {
        driver = "docker"
        config {
          image = "example.org/worker:1"
        }
        env {
          DATABASE_URL = "/data/db.sqlite3"
        }
        volume_mount {
          volume      = "data"
          destination = "/data"
        }
      }
    }
  }
}
