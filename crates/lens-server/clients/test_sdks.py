"""The official SDKs against a server and against a proxy before it.

    cargo build -p lens-server --example without_weights
    pip install -r requirements.txt
    python test_sdks.py PATH/TO/target/debug/examples/without_weights
"""

import base64
import pathlib
import subprocess
import sys

import anthropic
import openai

PICTURE = pathlib.Path(__file__).parents[3] / "examples" / "shapes.png"
DATA = base64.b64encode(PICTURE.read_bytes()).decode()
ANSWER = "A calm sandy beach."


def start(program, *arguments):
    """A server and its address. Port 0 takes a free one."""
    process = subprocess.Popen([program, "0", *arguments], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def openai_chat(url):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "Where?"}, image]}]
    whole = client.chat.completions.create(model="m", messages=messages)
    assert whole.choices[0].message.content == ANSWER, whole
    pieces = client.chat.completions.create(model="m", messages=messages, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in pieces if chunk.choices)
    assert text == ANSWER, text
    assert client.models.list().data[0].id == "a made-up reader"
    try:
        bad = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]
        client.chat.completions.create(model="m", messages=bad)
    except openai.BadRequestError as error:
        assert "messages[0].content[0]" in error.message, error
    else:
        raise AssertionError("a file: URL was taken")


def anthropic_chat(url):
    client = anthropic.Anthropic(base_url=url, api_key="none", max_retries=0)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}
    messages = [{"role": "user", "content": [image, {"type": "text", "text": "Where?"}]}]
    whole = client.messages.create(model="m", max_tokens=50, messages=messages)
    assert whole.content[0].text == ANSWER and whole.stop_reason == "end_turn", whole
    with client.messages.stream(model="m", max_tokens=50, messages=messages) as stream:
        assert "".join(stream.text_stream) == ANSWER


def embeddings(url):
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
    data = client.embeddings.create(model="clip", input=["blue", f"data:image/png;base64,{DATA}"]).data
    assert data[0].embedding == [0.0, 0.0, 1.0] and len(data[1].embedding) == 3, data


def main(program):
    server, url = start(program)
    proxy, proxy_url = start(program, url)
    try:
        for address in (url, proxy_url):
            openai_chat(address)
            anthropic_chat(address)
        embeddings(url)
        print("both SDKs work with the server and with the proxy")
    finally:
        for process in (server, proxy):
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    main(sys.argv[1])
