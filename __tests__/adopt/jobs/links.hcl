job "links" {
  datacenters = ["dc1"]
  group "links" {
    network { mode = "bridge" }
    volume "data" {
      type   = "host"
      source = "linkding"
    }
    service {
      name         = "links"
      port         = 9090
      provider     = "nomad"
      address_mode = "alloc"
      check {
        type         = "http"
        path         = "/health"
        interval     = "10s"
        timeout      = "2s"
        address_mode = "alloc"
      }
    }
    task "linkding" {
      driver = "docker"
      config { image = "sissbruecker/linkding:1.41.0" }
      volume_mount {
        volume      = "data"
        destination = "/etc/linkding/data"
      }
    }
  }
}
