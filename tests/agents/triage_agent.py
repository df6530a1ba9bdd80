"""A small triage agent, as somebody outside would write one: plain Python and the official MCP SDK.

Reads what it is asked as JSON from standard input, works through the gateway at EVALGATE_MCP_URL, and prints its
answer as JSON. It tries to act without an approval once, is stopped, and asks for one.
"""

import asyncio
import json
import os
import sys

from mcp import Client


async def call(client: Client, tool: str, **arguments) -> dict:
    result = await client.call_tool(tool, arguments)
    reply = result.structured_content
    print(f"{tool}: {'stopped, ' + reply['error']['code'] if result.is_error else 'done'}", file=sys.stderr)
    return reply


async def main() -> None:
    request = json.load(sys.stdin)["request"]
    async with Client(os.environ["EVALGATE_MCP_URL"]) as client:
        offered = {tool.name for tool in (await client.list_tools()).tools}
        missing = {"search_metadata", "get_entry", "update_config", "request_approval"} - offered
        if missing:
            raise SystemExit(f"not offered: {sorted(missing)}")

        hits = (await call(client, "search_metadata", query=request["title"], limit=3))["result"]["hits"]
        found = hits[0]["id"]
        entry = (await call(client, "get_entry", id=found))["result"]["entry"]

        act = await call(client, "update_config", id=found, fields={"status": "Inactive"})
        status = "given"
        if not act["ok"]:
            reason = act["error"]["message"]
            await call(client, "request_approval", action="update_config", target=found, reason=reason)
            status = "requested"

    print(json.dumps({
        "summary": f"{request['title']}. Closest component: {entry['title']}.",
        "category": "bug",
        "severity": request.get("priority", "P2"),
        "risk": "medium",
        "desk": "L2",
        "next_required_actor": "builder",
        "next_status": "triaging",
        "system_areas": [entry["kind"]],
        "missing_context": ["Since when does it happen?"],
        "evidence": [{"claim": entry["title"], "source": found}],
        "approvals": [{"action": "update_config", "status": status, "approver": "TBD"}],
        "escalation": {"needed": False, "to": "", "reason": ""},
        "confidence": 0.5,
        "unknowns": ["TBD: who approves the change"],
    }))


asyncio.run(main())
