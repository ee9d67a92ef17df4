job "notes" {
  datacenters = ["dc1"]
  group "notes" {
    network {
      mode = "bridge"
      port "http" {
        to = 3000
      }
    }
    reschedule {
      attempts  = 2
      interval  = "1h"
      unlimited = false
    }
    volume "notes" {
      type            = "csi"
      source          = "notes"
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
      mount_options {
        fs_type = "ext4"
      }
    }
    service {
      name = "notes"
      port = "http"
      check {
        name     = "alive"
        type     = "http"
        path     = "/status"
        interval = "10s"
        timeout  = "2s"
        header {
          Host = ["notes.example.org"]
        }
      }
    }
    task "hedgedoc" {
      driver = "docker"
      config {
        image = "quay.io/hedgedoc/hedgedoc:1.10.3"
      }
      artifact {
        source      = "https://files.example.org/banner.png"
        destination = "local/"
      }
      volume_mount {
        volume      = "notes"
        destination = "/hedgedoc/data"
      }
      env {
        CMD_DB_URL  = "sqlite:/hedgedoc/data/notes.sqlite"
        CMD_DOMAIN  = "notes.example.org"
      }
      resources {
        cpu    = 200
        memory = 256
      }
    }
    task "cache" {
      driver = "docker"
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
      config {
        image = "redis:7"
      }
      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
