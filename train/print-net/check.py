"""What the network says of a fixed pattern, as constants for the tests: `python check.py net.pt`."""

import sys

import torch

from model import PrintNet


def main():
    torch.set_num_threads(1)
    net = PrintNet()
    net.load_state_dict(torch.load(sys.argv[1]))
    net.eval()
    y, x = torch.meshgrid(torch.arange(40), torch.arange(48), indexing="ij")
    pattern = ((x * 7 + y * 13) % 17).float() / 8 - 1
    with torch.no_grad():
        ridges, grid = net(pattern[None, None])
    places = [(0, 0), (13, 7), (24, 20), (47, 39)]
    print(f"const RIDGES: [(isize, isize, f32); {len(places)}] = [")
    for x, y in places:
        print(f"    ({x}, {y}, {ridges[0, 0, y, x]:.4}),")
    cells = [(0, 0), (5, 4), (11, 9)]
    print(f"];\nconst CELLS: [(isize, isize, [f32; ANSWERS]); {len(cells)}] = [")
    for x, y in cells:
        print(f"    ({x}, {y}, [" + ", ".join(f"{v:.4}" for v in grid[0, :, y, x]) + "]),")
    print("];")


if __name__ == "__main__":
    main()
