# On SQLite; a sidecar that starts after the app, an update block of its own.
variable "port" { type = number }
variable "node" { type = string }
variable "mounts" { type = list(object({ volume = string, destination = string })) }

job "speed" {
  datacenters = ["dc1"]
  update {
    max_parallel     = 1
    min_healthy_time = "1s"
    healthy_deadline = "1m"
    auto_revert      = false
  }
  group "speed" {
    network {
      mode = "host"
      port "http" {
        static = var.port
      }
    }
    volume "speed" {
      type   = "host"
      source = "speed_data"
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
    ephemeral_disk {
      size = 150
    }
    service {
      name = "speed"
      port = "http"
      tags = ["urlprefix-/speed"]
      check {
        type     = "http"
        path     = "/admin/login"
        interval = "1s"
        timeout  = "1s"
      }
    }
    task "speedtest-tracker" {
      driver = "exec"
      user   = "nobody"
      config {
        command = var.node
        args    = ["/opt/pgmoor/speedtest-tracker.cjs"]
      }
      env {
        DB_CONNECTION = "sqlite"
        DB_DATABASE   = "/config/database.sqlite"
        APP_KEY       = "typed-in-by-hand"
        PORT          = "${NOMAD_PORT_http}"
      }
      volume_mount {
        volume      = "speed"
        destination = "/config"
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
    task "ticker" {
      driver = "exec"
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
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
}
