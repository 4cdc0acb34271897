"""The `python` of a test's pipeline: its stages are forked from one process that has imported the libraries.

Torch and the others take seconds of each stage; the pipelines of the tests run more than a hundred. What is
forked has imported nothing of ours, has the folder, environment and files of the one who called, and ends as
the stage ends. Run as a script, this file is the client: `warm.py <socket> <arguments of python>`.
"""

import atexit
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path

LIBRARIES = [
    *("torch", "pandas", "pydantic", "filelock", "tqdm", "altair", "jinja2", "markdown_it"),
    *("safetensors.torch", "scipy.stats", "scipy.optimize", "torch.utils.flop_counter"),
    *("sklearn.linear_model", "sklearn.manifold", "sklearn.mixture", "sklearn.pipeline"),
    *("mlflow.tracking", "mlflow.store.tracking.sqlalchemy_store"),
]


@cache
def warm_python() -> str:
    """A folder with a `python` that forks; its process ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="warm"))
    address, python = folder / "socket", folder / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {__file__} {address} "$@"\n')
    python.chmod(0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen(64)
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import warm; warm.serve({os.getpid()})"
    environment = {**os.environ, "PYTHONPATH": ""}
    server = subprocess.Popen([sys.executable, "-c", code], stdin=listener, env=environment)
    listener.close()
    atexit.register(shutil.rmtree, folder)
    atexit.register(server.kill)
    return str(folder)


def serve(parent: int) -> None:
    """Fork a stage for everyone who connects, until the process that began this one has ended."""
    for name in LIBRARIES:
        import_module(name)
    listener = socket.socket(fileno=0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the children are not waited for
    while os.getppid() == parent:
        if select.select([listener], [], [], 1.0)[0]:
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.detach()  # what the client has there takes its place
                return answer(client)
            client.close()


def answer(client: socket.socket) -> None:
    """Run what a client asks for, in a child; the client gets the child's number and then its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in the background
    message, files, *_ = socket.recv_fds(client, 1 << 20, 3)
    sys.argv, folder, environment, caller = json.loads(message)
    if "DVC_STAGE" in environment:
        environment.setdefault("UNCOLLAPSE_WATCHED", str(dvc_above(caller)))  # not above what is forked
    if child := os.fork():
        client.sendall(f"{child}\n".encode())
        client.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
        os._exit(0)
    client.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = [str(Path(sys.argv[0]).parent), *os.environ["PYTHONPATH"].split(os.pathsep)]
    os._exit(status_of_script())


def dvc_above(caller: int) -> int:
    """DVC: the process that called, or the one above it if that is a shell: sh waits beside what it runs."""
    from psutil import Process  # not above: the client has the standard library alone

    process = Process(caller)
    return process.ppid() if process.name() in {"sh", "dash", "bash"} else caller


def status_of_script() -> int:
    """The status of the script in sys.argv, after all that python does at its end.

    All but tearing down what was imported before the fork, page by page: that takes seconds.
    """
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return status


def ask(address: str, arguments: list[str]) -> int:
    """The status of a stage that the server ran; a signal to this process is passed on."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(address)
    request = json.dumps([arguments, os.getcwd(), dict(os.environ), os.getppid()]).encode()
    socket.send_fds(server, [request], [0, 1, 2])
    answers = server.makefile()
    child = int(answers.readline())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    status = int(answers.readline())
    if status < 0:  # by a signal
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    if not sys.argv[2:] or not sys.argv[2].endswith(".py"):
        os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
    sys.exit(ask(sys.argv[1], sys.argv[2:]))
