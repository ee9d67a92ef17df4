job "code" {
  datacenters = ["dc1"]
  namespace   = "default"
  meta {
    owner = "me"
    ab_c  = "d"
  }
  group "forge" {
    restart {
      attempts = 1
      mode     = "delay"
    }
    network {
      port "web" { to = 3000 }
      port "ssh" {
        to     = 2222
        static = 2222
      }
    }
    update {
      canary       = 1
      auto_promote = true
      auto_revert  = true
    }
    task "forgejo" {
      driver       = "podman"
      kill_timeout = "90s"
      kill_signal  = "SIGINT"
      config {
        image   = "codeberg.org/forgejo/forgejo:12-rootless"
        ports   = ["web", "ssh"]
        volumes = ["/srv/forgejo:/var/lib/gitea", "/etc/localtime:/etc/localtime:ro"]
      }
      action "doctor" {
        command = "forgejo"
        args    = ["doctor"]
      }
      scaling "mem" {
        enabled = false
        min     = 1
        max     = 2
      }
    }
  }
}
