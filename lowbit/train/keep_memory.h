#ifndef LOWBIT_TRAIN_KEEP_MEMORY_H_
#define LOWBIT_TRAIN_KEEP_MEMORY_H_

namespace lowbit::train {

// Has the C library keep the memory of freed tensors for the next ones, up to 2 GiB, where it would return large ones to
// the system: each step would fault in every page of its activations again, a tenth of the time of a step of VGG-9.
// For the whole process, from now on; without glibc nothing happens. Costs some tens of MiB of peak memory.
void KeepFreedMemory();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_KEEP_MEMORY_H_
