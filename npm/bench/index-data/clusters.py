"""The data set `clusters`: 100,000 rows of 128 numbers around 1,000 centres, and 1,000 queries of the same mixture. The
coordinates of the centres are standard normal, those of the noise have the deviation .25; then the rows get length one."""
import os

import numpy

from common import cache_folder, unit_rows, write_data_set

ROWS, QUERIES, DIM, CENTRES, DEVIATION, SEED = 100_000, 1_000, 128, 1_000, 0.25, 20

folder = os.path.join(cache_folder(), "clusters")
if not os.path.exists(os.path.join(folder, "base.f32")):
    random = numpy.random.Generator(numpy.random.PCG64(SEED))
    centres = random.standard_normal((CENTRES, DIM))

    def mixture(count):
        around = centres[random.integers(0, CENTRES, count)]
        return unit_rows(around + DEVIATION * random.standard_normal((count, DIM)))

    write_data_set(folder, mixture(ROWS), mixture(QUERIES))
