"""vLLM for one machine: `vllm serve MODEL ... --host HOST --port PORT`, answered by the scripted teacher."""

import asyncio
import sys
from functools import partial

from tests.servers.chat import ChatServer
from tests.servers.loop import Connection, serve


class Open(ChatServer):
    """Listens at every address of this machine, as servers for others do."""

    async def listen(self, port: int) -> None:
        made = partial(Connection, self)
        self._server = await asyncio.get_running_loop().create_server(made, "0.0.0.0", port)
        self.base_url = f"http://127.0.0.1:{port}/v1"


if __name__ == "__main__":
    asyncio.run(serve(Open(), int(sys.argv[sys.argv.index("--port") + 1])))
