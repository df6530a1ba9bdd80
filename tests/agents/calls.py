"""Makes tool calls with the official Python SDK and prints what came back, as JSON.

    calls.py MODE URL            over streamable HTTP
    calls.py MODE PROGRAM ARG…   over standard input and output of a program

MODE is the SDK's: `auto`, `legacy`, or a version of the protocol. The calls are read from standard input:
`[{"tool": …, "args": {…}}, …]`.
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters


async def main() -> None:
    mode, where, *arguments = sys.argv[1:]
    calls = json.load(sys.stdin)
    server = StdioServerParameters(command=where, args=arguments) if arguments else where
    async with Client(server, mode=mode) as client:
        tools = await client.list_tools()
        replies = []
        for call in calls:
            result = await client.call_tool(call["tool"], call["args"])
            (content,) = result.content
            replies.append({
                "text": content.text,
                "structured": result.structured_content,
                "is_error": result.is_error,
            })
        print(json.dumps({
            "protocol": client.protocol_version,
            "tools": [tool.model_dump(exclude_none=True, by_alias=True) for tool in tools.tools],
            "replies": replies,
        }))


asyncio.run(main())
