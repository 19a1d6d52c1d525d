"""NetCDF files; needs xarray, and h5netcdf or netCDF4 for version 4."""

from __future__ import annotations

from pathlib import Path

from causalkit.io.options import ReadOptions
from causalkit.io.tables.frames import plain_frames
from causalkit.io.tables.labelled import labelled_frame
from causalkit.io.tables.opening import needed, opened
from causalkit.io.tables.table import Table


def netcdf_table(path: str | Path, options: ReadOptions) -> Table:
    """Return the variables of a NetCDF file by the names of their dimensions; see `labelled_frame`.

    Raises:
        DataError: a library is missing, or the dimensions do not say which is time.
    """
    with opened(path, "NetCDF") as plain:
        xarray = needed("xarray", path)
        with plain.open("rb") as stream:
            version_4 = stream.read(4) == b"\x89HDF"
        if version_4:
            try:
                needed("netCDF4", path)
                engine = "netcdf4"
            except Exception:
                needed("h5netcdf", path)
                engine = "h5netcdf"
                # h5netcdf prints a traceback when it drops a file that it could not open, or with damaged attributes.
                with needed("h5py", path).File(plain, "r") as file:
                    file.attrs.get("_nc3_strict")
        else:
            engine = "scipy"
        with xarray.open_dataset(plain, engine=engine) as data:
            frame = labelled_frame(data.load(), str(path), options, python=False)
    (table,), index = plain_frames([frame], [str(path)])
    return Table(table, str(path), index=index)
