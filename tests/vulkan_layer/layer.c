/* A Vulkan layer that lets software drivers run the programs that GPUs get.
 *
 * GPUs' drivers have VK_KHR_workgroup_memory_explicit_layout, Mesa's software driver has not, and what
 * CubeCL 0.11 writes without it is no valid SPIR-V where shared memory is used: the driver crashes.
 * Mesa's compiler takes the programs that are written with it. So this layer says that the device has
 * the extension, and does not hand it on.
 *
 * With FENCE in the environment each allocation of memory lies between pages that nobody may touch: a
 * program that reads or writes behind its buffer ends the process. (Buffers are bare addresses to these
 * programs, and no one else checks them.)
 *
 * What it needs of Vulkan is declared here, so that no headers have to be installed.
 */

#define _DEFAULT_SOURCE

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FENCE "FCN_WORKBENCH_FENCE"
#define EXTENSION "VK_KHR_workgroup_memory_explicit_layout"

enum {
    SUCCESS = 0,
    INCOMPLETE = 5,
    OUT_OF_HOST_MEMORY = -1,
    OUT_OF_DEVICE_MEMORY = -2,
    INITIALIZATION_FAILED = -3,
    LOADER_INSTANCE_CREATE_INFO = 47,
    LOADER_DEVICE_CREATE_INFO = 48,
    IMPORT_MEMORY_HOST_POINTER_INFO = 1000178000,
    EXPLICIT_LAYOUT_FEATURES = 1000336000,
    HOST_ALLOCATION = 0x80,
    /* Of what a buffer of the driver begins at. */
    ALIGNMENT = 64,
    LAYER_LINK_INFO = 0,
};

typedef void *Handle;
typedef void (*Function)(void);
typedef Function (*GetProcAddr)(Handle, const char *);

/* What all of Vulkan's structures begin with. */
typedef struct Chained {
    int32_t type;
    struct Chained *next;
} Chained;

typedef struct {
    Chained head;
    uint32_t layout, scalar_block_layout, access_8_bit, access_16_bit;
} ExplicitLayoutFeatures;

typedef struct {
    Chained head;
    uint32_t flags, queue_count;
    const void *queues;
    uint32_t layer_count;
    const char *const *layers;
    uint32_t extension_count;
    const char *const *extensions;
    const void *features;
} DeviceCreateInfo;

typedef struct {
    Chained head;
    uint64_t size;
    uint32_t kind;
} MemoryAllocateInfo;

typedef struct {
    Chained head;
    uint32_t handle_type;
    void *pointer;
} ImportMemoryInfo;

typedef struct {
    char name[256];
    uint32_t version;
} ExtensionProperties;

/* The next layer or the driver; for a device the second function is of the device. */
typedef struct Link {
    struct Link *next;
    GetProcAddr of_instance;
    GetProcAddr of_device;
} Link;

typedef struct {
    Chained head;
    int32_t function;
    Link *link;
} LoaderInfo;

typedef struct {
    int32_t type;
    void *next;
    uint32_t version;
    GetProcAddr of_instance, of_device, of_physical_device;
} Negotiation;

typedef int32_t (*CreateInstance)(const Chained *, const void *, Handle *);
typedef int32_t (*CreateDevice)(Handle, const DeviceCreateInfo *, const void *, Handle *);
typedef int32_t (*EnumerateExtensions)(Handle, const char *, uint32_t *, ExtensionProperties *);
typedef void (*GetFeatures)(Handle, Chained *);
typedef int32_t (*AllocateMemory)(Handle, const MemoryAllocateInfo *, const void *, uint64_t *);

/* Those of the driver: the same for all instances and devices, of which tests have one at a time. */
static GetProcAddr next_of_instance, next_of_device;
static CreateDevice next_create_device;
static EnumerateExtensions next_enumerate_extensions;
static GetFeatures next_get_features;
static AllocateMemory next_allocate_memory;

static Link *take_link(const Chained *info, int32_t type) {
    for (LoaderInfo *own = (LoaderInfo *)info->next; own; own = (LoaderInfo *)own->head.next) {
        if (own->head.type == type && own->function == LAYER_LINK_INFO) {
            Link *link = own->link;
            own->link = link->next;
            return link;
        }
    }
    return NULL;
}

static int32_t create_instance(const Chained *info, const void *allocator, Handle *instance) {
    Link *link = take_link(info, LOADER_INSTANCE_CREATE_INFO);
    if (!link) return INITIALIZATION_FAILED;
    GetProcAddr get = link->of_instance;
    int32_t result = ((CreateInstance)get(NULL, "vkCreateInstance"))(info, allocator, instance);
    if (result != SUCCESS) return result;
    next_of_instance = get;
    /* Later the loader would answer with the functions of this layer. */
    next_create_device = (CreateDevice)get(*instance, "vkCreateDevice");
    next_enumerate_extensions =
        (EnumerateExtensions)get(*instance, "vkEnumerateDeviceExtensionProperties");
    next_get_features = (GetFeatures)get(*instance, "vkGetPhysicalDeviceFeatures2");
    return SUCCESS;
}

static int32_t enumerate_extensions(Handle device, const char *layer, uint32_t *count,
                                    ExtensionProperties *properties) {
    if (layer && *layer) return next_enumerate_extensions(device, layer, count, properties);
    uint32_t room = *count;
    int32_t result = next_enumerate_extensions(device, layer, count, properties);
    if (result != SUCCESS) return result;
    if (properties && *count >= room) return INCOMPLETE;
    if (properties) {
        ExtensionProperties *own = &properties[*count];
        memset(own, 0, sizeof *own);
        strcpy(own->name, EXTENSION);
        own->version = 1;
    }
    *count += 1;
    return SUCCESS;
}

static void get_features(Handle device, Chained *features) {
    next_get_features(device, features);
    for (Chained *next = features->next; next; next = next->next) {
        if (next->type != EXPLICIT_LAYOUT_FEATURES) continue;
        ExplicitLayoutFeatures *own = (ExplicitLayoutFeatures *)next;
        own->layout = own->scalar_block_layout = own->access_8_bit = own->access_16_bit = 1;
    }
}

static int32_t create_device(Handle physical, const DeviceCreateInfo *asked, const void *allocator,
                             Handle *device) {
    DeviceCreateInfo info = *asked;
    Link *link = take_link(&info.head, LOADER_DEVICE_CREATE_INFO);
    if (!link) return INITIALIZATION_FAILED;
    const char **extensions = calloc(info.extension_count + 1, sizeof *extensions);
    if (!extensions) return OUT_OF_HOST_MEMORY;
    info.extension_count = 0;
    for (uint32_t i = 0; i < asked->extension_count; i++)
        if (strcmp(asked->extensions[i], EXTENSION))
            extensions[info.extension_count++] = asked->extensions[i];
    info.extensions = extensions;
    for (Chained *at = &info.head; at->next;) {
        if (at->next->type == EXPLICIT_LAYOUT_FEATURES)
            at->next = at->next->next;
        else
            at = at->next;
    }
    int32_t result = next_create_device(physical, &info, allocator, device);
    free(extensions);
    if (result != SUCCESS) return result;
    next_of_device = link->of_device;
    next_allocate_memory = (AllocateMemory)next_of_device(*device, "vkAllocateMemory");
    return SUCCESS;
}

/* Memory whose end is that of the last page before the fence. It is never given back. */
static int32_t allocate_memory(Handle device, const MemoryAllocateInfo *asked, const void *allocator,
                               uint64_t *memory) {
    if (!getenv(FENCE)) return next_allocate_memory(device, asked, allocator, memory);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = (asked->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t pages = (size + page - 1) / page * page;
    char *fenced = mmap(NULL, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fenced == MAP_FAILED) return OUT_OF_DEVICE_MEMORY;
    if (mprotect(fenced + page, pages, PROT_READ | PROT_WRITE)) return OUT_OF_DEVICE_MEMORY;
    ImportMemoryInfo import = {
        {IMPORT_MEMORY_HOST_POINTER_INFO, asked->head.next},
        HOST_ALLOCATION,
        fenced + page + pages - size,
    };
    MemoryAllocateInfo info = *asked;
    info.head.next = &import.head;
    return next_allocate_memory(device, &info, allocator, memory);
}

static Function of_device(Handle device, const char *name) {
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (Function)of_device;
    if (!strcmp(name, "vkAllocateMemory")) return (Function)allocate_memory;
    return next_of_device(device, name);
}

static Function of_instance(Handle instance, const char *name) {
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (Function)of_instance;
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (Function)of_device;
    if (!strcmp(name, "vkAllocateMemory")) return (Function)allocate_memory;
    if (!strcmp(name, "vkCreateInstance")) return (Function)create_instance;
    if (!strcmp(name, "vkCreateDevice")) return (Function)create_device;
    if (!strcmp(name, "vkEnumerateDeviceExtensionProperties"))
        return (Function)enumerate_extensions;
    if (!strncmp(name, "vkGetPhysicalDeviceFeatures2", 28)) return (Function)get_features;
    return next_of_instance ? next_of_instance(instance, name) : NULL;
}

int32_t vkNegotiateLoaderLayerInterfaceVersion(Negotiation *negotiation) {
    if (negotiation->version > 2) negotiation->version = 2;
    negotiation->of_instance = of_instance;
    negotiation->of_device = of_device;
    negotiation->of_physical_device = NULL;
    return SUCCESS;
}
