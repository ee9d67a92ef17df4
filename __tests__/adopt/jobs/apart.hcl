job "apart" {
  datacenters = ["dc1"]
  group "db" {
    network {
      port "db" {
        static = 5432
      }
    }
    task "postgres" {
      driver = "docker"
      config {
        image   = "postgres:15"
        args    = ["-p", 5432]
        volumes = ["/srv/apart:/var/lib/postgresql/data"]
      }
      env {
        POSTGRES_PASSWORD = "typed"
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
  group "app" {
    network {
      port "http" {
        to = 8065
      }
    }
    task "mattermost" {
      driver = "docker"
      config {
        image      = "mattermost/mattermost-team-edition:10.5"
        ports      = ["http"]
        privileged = "true"
      }
      env {
        MM_SQLSETTINGS_DATASOURCE = "postgres://mm:typed@10.0.0.5:5432/mm?sslmode=disable"
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
