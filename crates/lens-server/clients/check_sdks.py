"""The official SDKs of OpenAI, Anthropic and the Model Context Protocol against real servers: `make clients`.

One `lens serve` answers by itself; another stands before it as a proxy, so that its upstream is a real endpoint too.

    python check_sdks.py PATH/TO/lens
"""

import asyncio
import base64
import os
import pathlib
import subprocess
import sys
import tempfile

import anthropic
import mcp
import openai
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples"
DATA = base64.b64encode((EXAMPLES / "shapes.png").read_bytes()).decode()
URI = f"data:image/png;base64,{DATA}"
KEY = "sesame"
# The reader of nano takes 512 tokens; without this the proxy would write for a large model.
BRIEFLY = {"lens": {"tokens": 250}}


def serve(program, home, *arguments, key=""):
    """A server and its address. Port 0 takes a free one."""
    environment = {**os.environ, "LENS_HOME": home, "LENS_API_KEY": key, "LENS_UPSTREAM_KEY": ""}
    command = [program, "--quiet", "serve", "--bind", "0", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def openai_chat(url):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)
    image = {"type": "image_url", "image_url": {"url": URI, "detail": "low"}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]},
    ]
    whole = client.chat.completions.create(model="nano", messages=messages, extra_body=BRIEFLY)
    answer = whole.choices[0].message.content
    assert answer and whole.choices[0].finish_reason in ("stop", "length"), whole
    assert whole.usage.prompt_tokens > 20 and whole.usage.completion_tokens > 0, whole
    chunks = list(client.chat.completions.create(
        model="nano", messages=messages, stream=True, stream_options={"include_usage": True}, extra_body=BRIEFLY))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == answer and chunks[-1].usage.total_tokens == whole.usage.total_tokens, (text, answer, chunks[-1])
    assert client.models.list().data[0].id == "nano"
    for name, error in [("file:///etc/passwd", openai.BadRequestError), ("https://example.com/a.png", openai.BadRequestError)]:
        bad = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": name}}]}]
        try:
            client.chat.completions.create(model="nano", messages=bad)
        except error as refusal:
            assert "messages[0].content[0]" in refusal.message, refusal
        else:
            raise AssertionError(f"{name} was taken")
    return answer


def anthropic_chat(url):
    client = anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=0)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}
    messages = [{"role": "user", "content": [image, {"type": "text", "text": "What is it?"}]}]
    request = {"model": "nano", "max_tokens": 50, "messages": messages, "extra_body": BRIEFLY}
    whole = client.messages.create(**request)
    answer = whole.content[0].text
    assert answer and whole.stop_reason in ("end_turn", "max_tokens"), whole
    with client.messages.stream(**request) as stream:
        assert "".join(stream.text_stream) == answer
    wrong = anthropic.Anthropic(base_url=url, api_key="wrong", max_retries=0)
    try:
        wrong.messages.create(**request)
    except anthropic.AuthenticationError:
        return answer
    raise AssertionError("a wrong key was taken")


def embeddings(url):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY)
    data = client.embeddings.create(model="clip", input=["a circle", URI]).data
    lengths = [sum(x * x for x in item.embedding) for item in data]
    assert all(abs(length - 1) < 1e-3 for length in lengths) and len(data) == 2, lengths


async def tools(transport, image):
    """Every tool once, through the official client."""
    async with mcp.Client(transport) as client:
        names = sorted(tool.name for tool in (await client.list_tools()).tools)
        assert names == ["ask_image", "read_text", "see_image"], names
        seen = await client.call_tool("see_image", {"image": image})
        assert not seen.is_error and "<evidence " in seen.content[0].text, seen
        words = await client.call_tool("read_text", {"image": image})
        assert not words.is_error, words
        asked = await client.call_tool("ask_image", {"images": [image], "question": "What is it?"})
        assert not asked.is_error and asked.content[0].text, asked
        refused = await client.call_tool("see_image", {"image": "/etc/passwd"})
        assert refused.is_error, refused


async def over_http(url):
    client = create_mcp_http_client(headers={"Authorization": f"Bearer {KEY}"})
    async with client:
        await tools(streamable_http_client(f"{url}/mcp", http_client=client), URI)


async def over_stdio(program, home):
    environment = {**os.environ, "LENS_HOME": home}
    command = mcp.StdioServerParameters(command=program, args=["--quiet", "mcp"], env=environment, cwd=EXAMPLES)
    await tools(mcp.stdio_client(command), "shapes.png")


def main(program):
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory() as home:
        server, url = serve(program, home, key=KEY)
        # Without a key of its own the proxy passes the client's on.
        proxy, proxy_url = serve(program, home, "--upstream", url)
        try:
            answers = [openai_chat(address) for address in (url, proxy_url)]
            answers += [anthropic_chat(address) for address in (url, proxy_url)]
            embeddings(url)
            asyncio.run(over_http(url))
            asyncio.run(over_stdio(program, home))
        finally:
            for process in (proxy, server):
                process.terminate()
        ended = [process.wait(30) for process in (proxy, server)]
        assert ended == [0, 0], ended
    print("the SDKs work with the server, with the proxy, and as agents; answers:", answers)


if __name__ == "__main__":
    main(sys.argv[1])
