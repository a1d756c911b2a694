cd /work/wt-abuse
N=$(readlink -f $(which node)); file $N | cut -c1-200; time qemu-x86_64-static -cpu Nehalem $N -e 'console.log(1+1, process.execPath, os.cpus().length)'
time qemu-x86_64-static -cpu Nehalem $N -p 'require("/work/wt-abuse").simdLevel()'
time qemu-x86_64-static -cpu Haswell $N -p 'require("/work/wt-abuse").simdLevel()'
