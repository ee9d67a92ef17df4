job "shared" {
  datacenters = ["dc1"]
  group "web" {
    network {
      port "http" {
        to = 8000
      }
    }
    task "paperless" {
      driver = "docker"
      config {
        image   = "ghcr.io/paperless-ngx/paperless-ngx:2.18.4"
        ports   = ["http"]
        volumes = ["/srv/paperless/data:/usr/src/paperless/data"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
  group "worker" {
    task "worker" {
      driver = "docker"
      config {
        image   = "example.org/ocr-worker:1"
        volumes = ["/srv/paperless/data:/data"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
