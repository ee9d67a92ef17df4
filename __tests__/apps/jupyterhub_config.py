"""A hub without a proxy: what is asked of it goes to its own port."""
import os

from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    should_start = False

    async def add_route(self, routespec, target, data):
        pass

    async def delete_route(self, routespec):
        pass

    async def get_all_routes(self):
        return {}


c = get_config()  # noqa: F821
c.JupyterHub.db_url = os.environ["APP_DATABASE"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['OTHER_PORT']}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['APP_PORT']}"
c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.services = [{"name": "use", "api_token": "a-token-of-the-tests", "admin": True}]
