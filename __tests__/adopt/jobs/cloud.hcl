job "cloud" {
  datacenters = ["dc1"]
  group "cloud" {
    network {
      port "http" {
        to = 80
      }
    }
    task "app" {
      driver = "docker"
      config {
        image = "nextcloud:29"
        ports = ["http"]
        mount {
          type   = "bind"
          source = "/srv/nextcloud"
          target = "/var/www/html"
        }
      }
      env {
        MYSQL_HOST     = "127.0.0.1"
        MYSQL_PASSWORD = "hunter2hunter2"
      }
    }
    task "db" {
      driver = "docker"
      config { image = "mariadb:11" }
    }
  }
}
