job "forge" {
  datacenters = ["dc1"]

  group "forge" {
    network {
      mode = "host"
      port "http" {
        static = 3001
      }
      port "db" {
        static = 5437
      }
    }
    volume "forge_data" {
      type   = "host"
      source = "forge_data"
    }
    volume "forge_postgres" {
      type   = "host"
      source = "forge_postgres"
    }
    task "postgres" {
      driver = "docker"
      lifecycle {
        hook    = "prestart"
        sidecar = true
      }
      vault {
        change_mode = "noop"
      }
      config {
        image        = "postgres:16-alpine"
        network_mode = "host"
        ports        = ["db"]
        command      = "postgres"
        args         = ["-p", "5437"]
      }
      volume_mount {
        volume      = "forge_postgres"
        destination = "/var/lib/postgresql/data"
      }
      env {
        PGDATA = "/var/lib/postgresql/data/pgdata"
      }
      template {
        destination = "secrets/postgres.env"
        env         = true
        data        = <<EOT
POSTGRES_DB=forge
POSTGRES_USER=forge
POSTGRES_PASSWORD={{ with secret "secret/data/postgres/forge" }}{{ .Data.data.password }}{{ end }}
EOT
      }
      resources {
        cpu    = 200
        memory = 128
      }
      service {
        name = "forge-postgres"
        port = "db"
        check {
          type     = "script"
          command  = "pg_isready"
          args     = ["-p", "5437"]
          interval = "10s"
          timeout  = "2s"
        }
      }
    }
    task "gitea" {
      driver = "docker"
      vault {}
      config {
        image        = "gitea/gitea:1.24.6"
        network_mode = "host"
        ports        = ["http"]
      }
      volume_mount {
        volume      = "forge_data"
        destination = "/data"
      }
      template {
        destination = "secrets/forge.env"
        env         = true
        data        = <<EOT
{{ with secret "secret/data/postgres/forge" }}
GITEA__database__PASSWD={{ .Data.data.password }}
{{ end }}
{{ with secret "secret/data/forge/mail" -}}
GITEA__mailer__PASSWD={{ .Data.data.password }}
{{- end }}
EOT
      }
      env {
        GITEA__database__DB_TYPE = "postgres"
        GITEA__database__HOST    = "localhost:5437"
        GITEA__database__NAME    = "forge"
        GITEA__database__USER    = "forge"
        GITEA__server__HTTP_PORT = "3001"
      }
      resources {
        cpu    = 500
        memory = 256
      }
      service {
        name = "forge-http"
        port = "http"
        check {
          type     = "http"
          path     = "/api/healthz"
          interval = "10s"
          timeout  = "2s"
        }
      }
    }
  }

  group "runner" {
    task "runner" {
      driver = "docker"
      config {
        image = "gitea/act_runner:0.2.11"
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
