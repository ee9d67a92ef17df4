job "legacy.vault" {
  datacenters = ["dc1"]
  group "pw" {
    task "bit-warden" {
      driver = "docker"
      config {
        image = "vaultwarden/server:1.30"
        port_map { http = 80 }
        volumes         = ["/srv/bitwarden:/data"]
        network_aliases = ["vault"]
      }
      resources {
        cpu    = 200
        memory = 256
        network {
          mbits = 10
          port "http" { static = 8088 }
        }
      }
      service {
        name = "bitwarden"
        port = "http"
        check {
          type     = "http"
          path     = "/alive"
          interval = "10s"
          timeout  = "2s"
        }
      }
    }
  }
}
