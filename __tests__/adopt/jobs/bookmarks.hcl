job "bookmarks" {
  datacenters = ["dc1", "attic"]
  type        = "service"
  priority    = 70
  node_pool   = "default"
  meta {
    owner = "lea"
  }
  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }
  spread {
    attribute = "${node.unique.name}"
    weight    = 60
  }

  group "web" {
    affinity {
      attribute = "${meta.rack}"
      value     = "r1"
      weight    = 40
    }
    restart {
      attempts = 5
      interval = "10m"
      delay    = "20s"
      mode     = "delay"
    }
    network {
      port "http" {
        to = 9090
      }
      port "metrics" {
        static = 9191
      }
    }
    volume "bookmarks_data" {
      type   = "host"
      source = "bookmarks_data"
    }
    service {
      name = "bookmarks-web"
      port = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.bookmarks.rule=Host(`bookmarks.example.org`)",
        "traefik.http.routers.bookmarks.tls.certresolver=le",
        "traefik.http.routers.bookmarks-api.rule=Host(`bookmarks.example.org`) && PathPrefix(`/api`)",
      ]
      check {
        type     = "http"
        path     = "/health"
        interval = "15s"
        timeout  = "3s"
        check_restart {
          limit = 3
          grace = "1m"
        }
      }
    }
    service {
      name = "bookmarks-metrics"
      port = "metrics"
      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "2s"
      }
    }
    task "linkding" {
      driver = "docker"
      user   = "1000:1000"
      config {
        image       = "registry.example.org/linkding:1.41.0"
        ports       = ["http", "metrics"]
        dns_servers = ["10.1.0.2", "1.1.1.1"]
        extra_hosts = ["nas:10.1.0.9"]
        cap_drop    = ["NET_RAW"]
        labels {
          backup = "nightly"
        }
        logging {
          type = "json-file"
          config {
            max-size = "10m"
          }
        }
        ulimit {
          nofile = "4096:8192"
        }
      }
      volume_mount {
        volume      = "bookmarks_data"
        destination = "/etc/linkding/data"
      }
      env {
        LD_CSRF_TRUSTED_ORIGINS = "https://bookmarks.example.org"
        LD_SUPERUSER_NAME       = "lea"
        LD_SUPERUSER_PASSWORD   = "plain-to-see"
        LD_EMPTY                = ""
      }
      kill_timeout = "20s"
      resources {
        cpu        = 200
        memory     = 128
        memory_max = 256
      }
    }
  }
}
