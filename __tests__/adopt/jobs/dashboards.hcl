job "Dash_Boards" {
  group "grafana" {
    network {
      port "ui" {
        to           = 3000
        host_network = "default"
      }
    }
    update {
      max_parallel      = 1
      min_healthy_time  = "15s"
      healthy_deadline  = "8m"
      progress_deadline = "12m"
      auto_revert       = true
    }
    task "chown" {
      driver = "docker"
      lifecycle {
        hook = "prestart"
      }
      config {
        image   = "busybox:1.36"
        command = "chown"
        args    = ["-R", "472", "/var/lib/grafana"]
        volumes = ["/mnt/nas/grafana:/var/lib/grafana"]
      }
      resources {
        cpu    = 50
        memory = 16
      }
    }
    task "grafana" {
      driver = "docker"
      config {
        image   = "grafana/grafana-oss:12.1.1"
        ports   = ["ui"]
        volumes = ["/mnt/nas/grafana:/var/lib/grafana", "local/datasources.yml:/etc/grafana/provisioning/datasources/ds.yml:ro"]
        devices = [{ host_path = "/dev/dri", container_path = "/dev/dri" }]
        mount {
          type     = "bind"
          source   = "/etc/localtime"
          target   = "/etc/localtime"
          readonly = true
        }
      }
      template {
        destination = "local/datasources.yml"
        change_mode = "signal"
        change_signal = "SIGHUP"
        data        = <<EOT
apiVersion: 1
datasources:
  - name: Prometheus
    url: http://{{ range service "prometheus" }}{{ .Address }}:{{ .Port }}{{ end }}
    note: "a `tick`, a ${dollar} and a back\\slash"
EOT
      }
      env {
        GF_SERVER_ROOT_URL = "https://dash.example.org"
      }
      service {
        provider = "nomad"
        name     = "dashboards"
        port     = "ui"
        check {
          type     = "tcp"
          interval = "10s"
          timeout  = "2s"
        }
      }
      resources {
        cores  = 1
        memory = 256
      }
    }
  }
}
