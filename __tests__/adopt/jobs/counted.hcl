job "counted" {
  datacenters = ["dc1"]
  group "counted" {
    count = 3
    network {
      port "http" {
        to = 8080
      }
    }
    task "gotify" {
      driver = "docker"
      config {
        image   = "gotify/server:2.6.3"
        ports   = ["http"]
        volumes = ["/srv/gotify:/app/data"]
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
