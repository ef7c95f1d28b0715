/* A stand-in for the NVIDIA driver's management library, for tests: the calls that tflint-mem makes, and the scenarios that
 * machines without a GPU cannot show.  FAKE_NVML names the scenario, FAKE_NVML_PID the process that uses the GPU. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Status;
enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, TOO_SMALL = 7, NOT_LOADED = 9, NO_FUNCTION = 13, MISMATCH = 18 };

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu_instance, compute_instance; } Process;
typedef struct { unsigned int pid; unsigned long long used; } OldProcess;

static const unsigned long long MIB = 1024ull * 1024ull;

static int is(const char *name) {
    const char *scenario = getenv("FAKE_NVML");
    return scenario && strcmp(scenario, name) == 0;
}

/* the process that a test has started, or 0 */
static unsigned int worker_pid(void) {
    const char *text = getenv("FAKE_NVML_WORKER");
    return text ? (unsigned int)atoi(text) : 0;
}

static unsigned int own_pid(void) {
    const char *text = getenv("FAKE_NVML_PID");
    return text ? (unsigned int)atoi(text) : 0;
}

/* handles: 1, 2 are GPUs, 101, 102 are slices of GPU 1 */
static long number(void *handle) { return (long)handle; }

Status nvmlInitWithFlags(unsigned int flags) { (void)flags; return is("mismatch") ? MISMATCH : is("no-driver") ? NOT_LOADED : OK; }
Status nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
Status nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(Status status) { (void)status; return "stand-in error"; }

Status nvmlSystemGetDriverVersion(char *text, unsigned int length) { snprintf(text, length, "999.1"); return OK; }

Status nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = is("none") ? 0 : is("two") || is("one-refuses") || is("mixed") ? 2 : 1;
    return is("no-permission") ? NO_PERMISSION : OK;
}

Status nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **handle) {
    *handle = (void *)(long)(index + 1);
    return OK;
}

Status nvmlDeviceGetName(void *handle, char *text, unsigned int length) {
    if (is("mixed") && number(handle) == 2) snprintf(text, length, "Another GPU");
    else snprintf(text, length, number(handle) > 100 ? "Stand-in MIG slice" : "Stand-in GPU");
    return OK;
}

Status nvmlDeviceGetUUID(void *handle, char *text, unsigned int length) {
    snprintf(text, length, number(handle) > 100 ? "MIG-%ld" : "GPU-%ld", number(handle));
    return OK;
}

Status nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
    if (is("no-memory-info")) return NOT_SUPPORTED;
    memory->total = (number(handle) > 100 ? 10000 : 40000) * MIB;
    memory->used = (is("shared") ? 9000 : 700) * MIB;
    memory->free = memory->total - memory->used;
    return OK;
}

static Status fill(const Process *found, unsigned int have, unsigned int *count, Process *processes) {
    if (have == 0) { *count = 0; return OK; }
    if (processes == NULL || *count < have) { *count = have; return TOO_SMALL; }
    memcpy(processes, found, have * sizeof(Process));
    *count = have;
    return OK;
}

static Status compute(void *handle, unsigned int *count, Process *processes) {
    Process found[4];
    unsigned int have = 0;
    memset(found, 0, sizeof found);
    if (is("list-refused") || (is("one-refuses") && number(handle) == 2)) return NO_PERMISSION;
    if (is("mps")) {
        found[have].pid = 4242;  /* the server that all clients share */
        found[have++].used = 30 * MIB;
        return fill(found, have, count, processes);
    }
    if (worker_pid()) { found[have].pid = worker_pid(); found[have++].used = 200 * MIB; }
    if (is("mig") && number(handle) != 102) return fill(found, 0, count, processes);
    if (is("shared")) { found[have].pid = 4242; found[have++].used = 8000 * MIB; }
    if (!is("hidden") && !is("idle")) {
        found[have].pid = own_pid();
        found[have++].used = is("not-available") ? ~0ull : (number(handle) == 2 ? 300 : 500) * MIB;
    }
    if (is("told") && own_pid()) {  /* as much as the program says */
        const char *text = getenv("FAKE_NVML_USED");
        found[0].pid = own_pid();
        found[0].used = (text ? (unsigned long long)atoll(text) : 0) * MIB;
        have = 1;
        if (getenv("FAKE_NVML_OTHERS")) { found[have].pid = 4242; found[have++].used = 8000 * MIB; }
        return fill(found, have, count, processes);
    }
    if (is("hidden")) { found[have].pid = 777777; found[have++].used = 500 * MIB; }
    return fill(found, have, count, processes);
}

Status nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    return is("list-v2") || is("list-plain") ? NO_FUNCTION : compute(handle, count, processes);
}

Status nvmlDeviceGetComputeRunningProcesses_v2(void *handle, unsigned int *count, Process *processes) {
    return is("list-plain") ? NO_FUNCTION : compute(handle, count, processes);
}

Status nvmlDeviceGetComputeRunningProcesses(void *handle, unsigned int *count, OldProcess *processes) {
    Process found[8];
    unsigned int have = 8;
    Status status = compute(handle, &have, found);
    if (status != OK) return status;
    for (unsigned int at = 0; at < have && at < *count; at++) {
        processes[at].pid = found[at].pid;
        processes[at].used = found[at].used;
    }
    *count = have;
    return OK;
}

Status nvmlDeviceGetMPSComputeRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    Process found[1];
    (void)handle;
    memset(found, 0, sizeof found);
    if (!is("mps")) return NOT_SUPPORTED;
    found[0].pid = own_pid();
    found[0].used = 500 * MIB;
    return fill(found, 1, count, processes);
}

Status nvmlDeviceGetGraphicsRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    Process found[1];
    memset(found, 0, sizeof found);
    (void)handle;
    if (is("graphics-too")) {
        found[0].pid = own_pid();
        found[0].used = 500 * MIB;
        return fill(found, 1, count, processes);
    }
    return is("one") ? NOT_SUPPORTED : fill(found, 0, count, processes);
}

Status nvmlDeviceGetMigMode(void *handle, unsigned int *current, unsigned int *pending) {
    (void)handle;
    if (is("one")) return NOT_SUPPORTED;
    *current = *pending = is("mig") ? 1 : 0;
    return OK;
}

Status nvmlDeviceGetMaxMigDeviceCount(void *handle, unsigned int *count) { (void)handle; *count = 7; return OK; }

Status nvmlDeviceGetMigDeviceHandleByIndex(void *handle, unsigned int index, void **slice) {
    (void)handle;
    if (index > 1) return NOT_FOUND;
    *slice = (void *)(long)(101 + index);
    return OK;
}
