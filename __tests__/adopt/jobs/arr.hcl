job "arr" {
  datacenters = ["dc1"]
  group "arr" {
    network {
      mode = "bridge"
      port "radarr" {
        to = 7878
      }
      port "sonarr" {
        to = 8989
      }
    }
    task "radarr" {
      driver = "docker"
      config {
        image   = "linuxserver/radarr:5.27.5"
        volumes = ["/srv/radarr:/config"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
    task "sonarr" {
      driver = "docker"
      config {
        image   = "linuxserver/sonarr:4.0.15"
        volumes = ["/srv/sonarr:/config"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
