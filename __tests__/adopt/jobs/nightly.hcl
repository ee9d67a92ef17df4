job "nightly" {
  datacenters = ["dc1"]
  type        = "batch"
  periodic {
    crons = ["0 3 * * *"]
  }
  group "dump" {
    task "dump" {
      driver = "docker"
      config {
        image   = "postgres:16"
        command = "pg_dumpall"
      }
      env {
        PGHOST = "postgresql.service.consul"
      }
      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
