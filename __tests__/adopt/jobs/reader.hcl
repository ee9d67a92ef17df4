job "reader" {
  datacenters = ["dc1"]
  group "reader" {
    count = 2
    network {
      mode = "host"
      port "http" {
        to = 8080
      }
    }
    task "miniflux" {
      driver = "docker"
      vault {
        policies = ["readers"]
      }
      config {
        image = "miniflux/miniflux:2.2.15"
        ports = ["http"]
      }
      template {
        destination = "secrets/reader.env"
        env         = true
        data        = <<EOT
DATABASE_URL=postgres://reader:{{ with secret "secret/data/postgres/reader" }}{{ .Data.data.password }}{{ end }}@postgresql.service.consul:5432/reader?sslmode=disable
RUN_MIGRATIONS=1
{{ with secret "pki/issue/reader" "common_name=reader.example.org" }}CERT={{ .Data.certificate | toJSON }}{{ end }}
EOT
      }
      service {
        name = "reader"
        port = "http"
        check {
          type     = "http"
          path     = "/healthcheck"
          interval = "10s"
          timeout  = "2s"
        }
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
