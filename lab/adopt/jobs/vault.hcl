# On SQLite; two ports, two services, a script check, a file from a template, constraints.
variable "port" { type = number }
variable "node" { type = string }
variable "mounts" { type = list(object({ volume = string, destination = string })) }

job "vault" {
  datacenters = ["dc1"]
  priority    = 60
  meta {
    owner = "lab"
  }
  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }
  spread {
    attribute = "${node.datacenter}"
    weight    = 40
  }
  group "vault" {
    affinity {
      attribute = "${node.class}"
      operator  = "!="
      value     = "slow"
      weight    = 20
    }
    restart {
      attempts = 4
      interval = "5m"
      delay    = "3s"
      mode     = "delay"
    }
    network {
      mode = "host"
      port "web" {
        static = var.port
      }
      port "metrics" {}
    }
    volume "vault" {
      type   = "host"
      source = "vault_data"
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
      name = "vault-metrics"
      port = "metrics"
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
        ROCKET_PORT    = "${NOMAD_PORT_web}"
        MOTTO          = ""
      }
      kill_signal  = "SIGTERM"
      kill_timeout = "15s"
      template {
        destination = "local/banner.txt"
        change_mode = "noop"
        data        = <<EOT
{{ with node }}{{ .Node.Node }}{{ end }}: a `vault`, for $5 and ${nothing}
EOT
      }
      service {
        name = "vault-web"
        port = "web"
        tags = ["vault", "traefik.enable=true", "traefik.http.routers.vault.rule=Host(`vault.lab.localhost`)"]
        check {
          type     = "http"
          path     = "/alive"
          interval = "1s"
          timeout  = "1s"
          check_restart {
            limit = 20
            grace = "30s"
          }
        }
        check {
          type     = "script"
          name     = "banner"
          # Far from its time-out: when a script check runs into that, the executor of Nomad 1.11.2 panics, and the task ends with it.
          command  = "/usr/bin/test"
          args     = ["-e", "/local/banner.txt"]
          interval = "5s"
          timeout  = "60s"
        }
      }
      volume_mount {
        volume      = "vault"
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
        cpu        = 50
        memory     = 200
        memory_max = 256
      }
      logs {
        max_files     = 3
        max_file_size = 5
      }
    }
  }
}
