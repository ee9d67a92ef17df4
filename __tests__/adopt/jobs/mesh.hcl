job "mesh" {
  datacenters = ["dc1"]
  group "mesh" {
    network {
      mode = "bridge"
      port "http" {}
    }
    service {
      name = "mesh"
      port = "8080"
      connect {
        sidecar_service {}
      }
    }
    task "vaultwarden" {
      driver = "docker"
      config {
        image   = "vaultwarden/server:1.36.0"
        volumes = ["/srv/mesh:/data"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
