"""The last frame of a dump in OVITO, ions coloured by local molar conductivity: ovito.py DUMP [SESSION.ovito] [PICTURE.png]

The dump's columns are OVITO's particle properties c_lam[1], c_lam[2] and c_lam[3] without more ado. Needs `pip install ovito`.
SESSION.ovito opens in OVITO's window with the colours as they are here; a picture needs a Vulkan driver, as Debian's
mesa-vulkan-drivers.
"""

import sys

# This file has the package's name, and its folder would be looked in first.
sys.path.pop(0)

import numpy as np
import ovito
from ovito.io import import_file
from ovito.modifiers import ColorCodingModifier, ExpressionSelectionModifier
from ovito.vis import ColorLegendOverlay, TachyonRenderer, Viewport

FIELD, GRADE = "c_lam[1]", "c_lam[3]"


def main(dump, outputs):
    pipeline = import_file(dump)
    last = pipeline.num_frames - 1
    data = pipeline.compute(last)
    if FIELD not in data.particles:
        sys.exit(f"{dump}: there is no column {FIELD}; ionscape predict MODEL DUMP -o OUT adds it")
    field = np.asarray(data.particles[FIELD])
    ions = field != 0
    print(f"{dump}: frame {last}, {ions.sum()} ions, mean {field[ions].mean():.4f}")

    # From the 1st to the 99th percentile, so that a few far values do not bleach all others.
    low, high = np.percentile(field[ions], [1, 99])
    viridis = ColorCodingModifier.Viridis()
    colors = ColorCodingModifier(property=FIELD, start_value=low, end_value=high, gradient=viridis)
    pipeline.modifiers.append(colors)
    data.particles.vis.radius = 0.5
    if GRADE in data.particles:
        # Expressions write a property's brackets as underscores.
        outside = ExpressionSelectionModifier(expression="c_lam_3_ > 1")
        pipeline.modifiers.append(outside)
        count = pipeline.compute(last).attributes["ExpressionSelection.count"]
        print(f"{count} ions in surroundings that the model was not trained on; they are selected")
    pipeline.add_to_scene()

    for output in outputs:
        if output.endswith(".ovito"):
            ovito.scene.save(output)
        else:
            view = Viewport(type=Viewport.Type.Ortho, camera_dir=(2, 1, -1))
            view.zoom_all()
            view.overlays.append(ColorLegendOverlay(modifier=colors, title="local molar conductivity"))
            view.render_image(filename=output, size=(1200, 900), frame=last, renderer=TachyonRenderer(shadows=False))
        print(f"written: {output}")


if __name__ == "__main__":
    outputs = sys.argv[2:]
    if len(sys.argv) < 2 or not all(name.endswith((".ovito", ".png")) for name in outputs):
        sys.exit(__doc__)
    main(sys.argv[1], outputs)
