#!/usr/bin/env python3
"""Takes pictures of every page of the board as terminals of several sizes and colours show it.

    tests/pictures.py [-o FOLDER] [--short] [--only WORD] [--scenario NAME] [PROGRAM]

Runs PROGRAM (target/debug/floorwatch) in a pseudo-terminal on a simulated floor, presses the keys of each page, and writes
what the terminal shows as PNG and text, with an index.html, and the kiosk also as it is seen from afar. --short takes a few in
seconds; --only takes those whose name (`120x35 dark`, say) holds a word. Needs `pip install pyte pillow` and the fonts DejaVu Sans Mono.
"""
import argparse
import fcntl
import html
import os
import pty
import re
import select
import signal
import struct
import tempfile
import termios
import time
from concurrent.futures import ThreadPoolExecutor

import pyte
from PIL import Image, ImageDraw, ImageFont

FONTS = os.environ.get("FONTS", "/usr/share/fonts/truetype/dejavu")
CELL = (10, 20)
# What a terminal shows for its sixteen colours, and its own ink and ground.
NAMES = "black red green brown blue magenta cyan white".split()
XTERM = "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
DARK, LIGHT = ("d0d0d0", "101216"), ("202020", "ffffff")
TRUE = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
# Name: environment, options, sixteen colours, ink and ground.
COLOURS = {
    "dark": (TRUE, ["--theme", "dark"], XTERM, DARK),
    "light": (TRUE, ["--theme", "light"], XTERM, LIGHT),
    "high-contrast": (TRUE, ["--theme", "high-contrast"], XTERM, DARK),
    "256": ({"TERM": "xterm-256color"}, ["--theme", "dark"], XTERM, DARK),
    "xterm": ({"TERM": "xterm"}, [], XTERM, ("e5e5e5", "000000")),
    "vga": ({"TERM": "linux"}, [], VGA, ("aaaaaa", "000000")),
    "none": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, [], XTERM, DARK),
}
SIZES = ["60x20", "80x24", "120x35", "200x50", "320x90"]
SCENARIOS = ["calm", "monday", "outage"]
# Name: the keys that lead there from the page before.
PAGES = [
    ("overview", "1"), ("why", "w"), ("figure", "<esc>?"), ("sources", "<esc>S"), ("help", "<esc>H"),
    ("queue", "<esc>2"), ("intents", "3"), ("agents", "4"), ("agent", "<enter>"), ("contacts", "1:contacts<enter>"),
    ("alerts", "5"), ("trends", "6"),
    ("call-back", "1c"), ("live", "8"), ("prompt", "1:b"), ("snooze", "<esc>z"), ("kiosk", "<esc>7"),
]
SHORT = {"overview", "why", "alerts", "kiosk"}
KEYS = {"<esc>": "\x1b", "<enter>": "\r", "<tab>": "\t"}
QUADRANTS = {0x2596: 2, 0x2597: 1, 0x2598: 8, 0x2599: 11, 0x259A: 9, 0x259B: 14, 0x259C: 13, 0x259D: 4, 0x259E: 6, 0x259F: 7}


class Board:
    """The program in a pseudo-terminal."""

    def __init__(self, command, env, size):
        cols, rows = map(int, size.split("x"))
        self.screen = pyte.Screen(cols, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("TERM", "COLORTERM", "NO_COLOR", "COLORFGBG"):
                os.environ.pop(name, None)
            os.environ.update(env)
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def look(self, seconds):
        """Take what is written within `seconds`, and what has piled up by then; False once the program has ended."""
        end = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            if b"\x1b[c" in data:
                os.write(self.fd, b"\x1b[?62;c")
            # pyte knows neither private sequences nor strings.
            self.stream.feed(re.sub(rb"\x1b\[[>=<?][0-9;]*\$?[a-zA-Z]|\x1b[]P][^\x07\x1b]*(\x07|\x1b\\)", b"", data))
        return True

    def go(self, keys):
        """Press the keys of a page, and look until it is there: the screen is another one, and what comes pauses."""
        before, end = self.screen.display[2:], time.monotonic() + 5
        self.press(keys)
        while self.look(0.3) and time.monotonic() < end:
            if self.screen.display[2:] != before:
                return self.look(0.5)
        return time.monotonic() >= end

    def press(self, keys):
        for key in re.findall(r"<\w+>|.", keys):
            os.write(self.fd, KEYS.get(key, key).encode())
            # An escape must be seen to have come alone.
            self.look(0.3 if key == "<esc>" else 0.1)

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def rgb(name, sixteen, own):
    bright = name.startswith("bright")
    plain = name.removeprefix("bright").replace("yellow", "brown")
    if plain in NAMES:
        name = sixteen.split()[NAMES.index(plain) + 8 * bright]
    return tuple(bytes.fromhex(name if re.fullmatch("[0-9a-f]{6}", name) else own))


def block(draw, code, box, ink, ground):
    """Draw a block, a line or a braille cell as terminals do, without gaps; False for other signs."""
    (x0, y0, x1, y1), (w, h) = box, CELL
    if 0x2581 <= code <= 0x2588:
        draw.rectangle((x0, y0 + round(h * (0x2588 - code) / 8), x1, y1), fill=ink)
    elif code == 0x2580:
        draw.rectangle((x0, y0, x1, y0 + h // 2 - 1), fill=ink)
    elif 0x2589 <= code <= 0x258F:
        draw.rectangle((x0, y0, x0 + round(w * (0x2590 - code) / 8) - 1, y1), fill=ink)
    elif code == 0x2590:
        draw.rectangle((x0 + w // 2, y0, x1, y1), fill=ink)
    elif code in QUADRANTS:
        for bit, (a, b) in zip((8, 4, 2, 1), ((0, 0), (1, 0), (0, 1), (1, 1))):
            if QUADRANTS[code] & bit:
                x, y = x0 + a * w // 2, y0 + b * h // 2
                draw.rectangle((x, y, x + w // 2 - 1, y + h // 2 - 1), fill=ink)
    elif 0x2591 <= code <= 0x2593:
        share = (code - 0x2590) / 4
        draw.rectangle(box, fill=tuple(round(g + (i - g) * share) for i, g in zip(ink, ground)))
    elif 0x2800 <= code <= 0x28FF:
        for bit, (a, b) in zip(range(8), ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
            if code >> bit & 1:
                x, y = x0 + 2 + 5 * a, y0 + 2 + 5 * b
                draw.ellipse((x - 1, y - 1, x + 1, y + 1), fill=ink)
    else:
        return False
    return True


def picture(screen, path, sixteen, own):
    w, h = CELL
    fonts = [ImageFont.truetype(f"{FONTS}/DejaVuSansMono{name}.ttf", 16) for name in ("", "-Bold")]
    image = Image.new("RGB", (screen.columns * w, screen.lines * h), rgb("", sixteen, own[1]))
    draw = ImageDraw.Draw(image)
    for y in range(screen.lines):
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            ink, ground = rgb(cell.fg, sixteen, own[0]), rgb(cell.bg, sixteen, own[1])
            if cell.reverse:
                ink, ground = ground, ink
            box = (x * w, y * h, (x + 1) * w - 1, (y + 1) * h - 1)
            draw.rectangle(box, fill=ground)
            if cell.data.strip() and not block(draw, ord(cell.data[0]), box, ink, ground):
                draw.text(box[:2], cell.data, font=fonts[cell.bold], fill=ink)
            if cell.underscore:
                draw.line((box[0], box[3] - 1, box[2], box[3] - 1), fill=ink)
    image.save(path + ".png")
    if path.endswith("kiosk"):
        # What is seen of a wall from six metres has as many pixels as this on a desk.
        image.resize((480, 480 * image.height // image.width), Image.Resampling.LANCZOS).save(path + "-from-afar.png")
    with open(path + ".txt", "w", encoding="utf-8") as out:
        out.write("\n".join(line.rstrip() for line in screen.display) + "\n")


def take(options, scenario, size, colours, pages):
    """Walk through the pages of one board; returns the names of its pictures."""
    env, theme, sixteen, own = COLOURS[colours]
    name = f"{scenario} {size} {colours}"
    # A home of its own, so that no configuration and no hint of an earlier start is met.
    with tempfile.TemporaryDirectory() as home:
        env = {**env, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        board = Board([options.program, "demo", "--seed", "3", "--scenario", scenario, *theme], env, size)
        board.look(3 if options.short else 6)
        taken = []
        for page, keys in pages:
            if not board.go(keys):
                print(f"{name}: the program ended at {page}")
                break
            if not options.short or page in SHORT:
                taken.append(f"{name} {page}".replace(" ", "-"))
                picture(board.screen, os.path.join(options.out, taken[-1]), sixteen, own)
        board.close()
    return name, taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default="target/debug/floorwatch")
    parser.add_argument("-o", "--out", default="target/pictures")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--scenario", choices=SCENARIOS)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    boards = [(s, size, c) for s in SCENARIOS for size in SIZES for c in COLOURS if options.scenario in (None, s)]
    if options.short:
        boards = [("monday", "120x35", "dark"), ("calm", "80x24", "vga")]
    boards = [board for board in boards if options.only in " ".join(board)]
    with ThreadPoolExecutor(options.jobs) as pool:
        taken = list(pool.map(lambda board: take(options, *board, PAGES), boards))
    with open(os.path.join(options.out, "index.html"), "w", encoding="utf-8") as out:
        out.write("<!doctype html><meta charset=utf-8><title>floorwatch</title><style>body{background:#333;color:#ddd;"
                  "font:14px sans-serif}img{max-width:48%;margin:4px}</style>\n")
        for name, pictures in taken:
            links = (f'<a href="{p}.png"><img loading=lazy src="{p}.png" title="{p}"></a>' for p in map(html.escape, pictures))
            out.write(f"<h2>{html.escape(name)}</h2>\n" + "\n".join(links) + "\n")
    print(f"{sum(len(pictures) for _, pictures in taken)} pictures in {options.out}/index.html")


if __name__ == "__main__":
    main()
