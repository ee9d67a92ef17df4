job "library" {
  datacenters = ["dc1"]
  group "library" {
    network {
      port "http" {
        to = 7878
      }
    }
    task "radarr" {
      driver = "docker"
      config {
        image   = "lscr.io/linuxserver/radarr:5.26.2"
        ports   = ["http"]
        volumes = ["/srv/radarr:/config", "local/config.xml:/config/config.xml"]
      }
      template {
        destination = "local/config.xml"
        data        = <<EOF
<Config><PostgresHost>postgres.service.consul</PostgresHost></Config>
EOF
      }
    }
  }
}
