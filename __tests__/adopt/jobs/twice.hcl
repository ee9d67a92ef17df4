job "twice" {
  datacenters = ["dc1"]
  group "git" {
    count = 2
    network {
      port "http" {
        static = 3000
      }
    }
    task "gitea" {
      driver = "raw_exec"
      config {
        command = "/usr/local/bin/gitea"
        args    = ["web", "-c", "/etc/gitea/app.ini"]
      }
      artifact {
        source      = "https://dl.gitea.com/gitea/1.24/gitea-1.24-linux-amd64"
        destination = "local/gitea"
      }
      env { GITEA__database__PATH = "/srv/gitea/gitea.db" }
    }
  }
}
