/* A stand-in for Godot: loads the addon's library as Godot does, without Godot.

   It hands the library a GDExtension interface that is just good enough to start, to
   register all classes, to make an object of each and to stop, and prints what it was told,
   one line each. The same program built for Linux says what a library for Windows has to do.

   It is no Godot: there is no tree, nothing is drawn, no signal is sent and no socket is
   opened. What the library asks for beyond that gets nothing, and does nothing. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

/* How this program ends. */
enum { DONE = 0, MISUSED = 64, NOT_LOADED = 2, NO_ENTRY = 3, REFUSED = 4, COMPLAINED = 5, STAYED = 6 };

/* The library's own errors and panics, which it hands to Godot. */
static int complaints;

/* The last of the levels at which a library starts. */
enum { EDITOR_LEVEL = 3 };

/* ---- Loading ---- */

typedef void (*Function)(void);

#ifdef _WIN32
typedef HMODULE Library;

static Library open_library(const char *path) {
    Library library = LoadLibraryA(path);
    if (!library)
        fprintf(stderr, "the system does not load it: error %lu\n", GetLastError());
    return library;
}

static Function find(Library library, const char *name) {
    return (Function)GetProcAddress(library, name);
}

static int close_library(Library library, const char *path) {
    const char *name = strrchr(path, '\\');
    return FreeLibrary(library) && !GetModuleHandleA(name ? name + 1 : path);
}
#else
typedef void *Library;

static Library open_library(const char *path) {
    Library library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fprintf(stderr, "the system does not load it: %s\n", dlerror());
    return library;
}

static Function find(Library library, const char *name) {
    Function function;
    void *address = dlsym(library, name);
    memcpy(&function, &address, sizeof function);
    return function;
}

/* The library may stay: on Linux, what has destructors for threads does. */
static int close_library(Library library, const char *path) {
    (void)path;
    return dlclose(library) == 0;
}
#endif

/* ---- Values ----

   A String and a StringName are a pointer in Godot, and one here: to the text, or to
   nothing when empty. Nothing is ever given back; the program is short-lived. */

static const char *text_of(const void *string) {
    const char *text = string ? *(const char *const *)string : NULL;
    return text ? text : "";
}

static void put(void *string, const char *text, size_t length) {
    char *copy = malloc(length + 1);
    if (!copy)
        abort();
    memcpy(copy, text, length);
    copy[length] = 0;
    *(char **)string = copy;
}

static void put_name(void *string, const char *text, uint8_t is_static) {
    (void)is_static;
    put(string, text, strlen(text));
}

static void put_text(void *string, const char *text) {
    put(string, text, strlen(text));
}

static void put_part(void *string, const char *text, int64_t length) {
    put(string, text, length < 0 ? strlen(text) : (size_t)length);
}

static int64_t put_part_or_fail(void *string, const char *text, int64_t length) {
    put_part(string, text, length);
    return 0;
}

static void make_empty(void *value, const void *const *arguments) {
    (void)arguments;
    *(void **)value = NULL;
}

static void make_copy(void *value, const void *const *arguments) {
    *(void **)value = *(void *const *)arguments[0];
}

/* Of a type's ways to be made, the first makes an empty value, the second a copy. */
static Function constructor(int type, int32_t way) {
    (void)type;
    return way ? (Function)make_copy : (Function)make_empty;
}

static void say_false(const void *left, const void *right, void *answer) {
    (void)left, (void)right;
    *(uint8_t *)answer = 0;
}

static Function operator_of(int which, int left, int right) {
    (void)which, (void)left, (void)right;
    return (Function)say_false;
}

static intptr_t nothing(void) {
    return 0;
}

static void do_builtin(void *value, const void *const *arguments, void *answer, int count) {
    (void)value, (void)arguments, (void)count;
    if (answer)
        *(uint8_t *)answer = 0;
}

static Function some_function(void) {
    return (Function)nothing;
}

static void say_true(void *answer, const void *const *arguments, int count) {
    (void)arguments, (void)count;
    *(uint8_t *)answer = 1;
}

/* All objects there are are at work. */
static Function utility(const void *name, int64_t hash) {
    (void)hash;
    return !strcmp(text_of(name), "is_instance_id_valid") ? (Function)say_true : (Function)nothing;
}

static Function builtin_method(int type, const void *name, int64_t hash) {
    (void)type, (void)name, (void)hash;
    return (Function)do_builtin;
}

/* ---- The engine ---- */

typedef struct {
    uint32_t major, minor, patch;
    const char *text;
} Version;

typedef struct {
    uint32_t major, minor, patch, hex;
    const char *status, *build, *hash;
    uint64_t timestamp;
    const char *text;
} LongVersion;

static void version(Version *to) {
    Version is = {4, 6, 3, "Godot Engine v4.6.3.stand-in"};
    *to = is;
}

static void long_version(LongVersion *to) {
    LongVersion is = {4, 6, 3, 0x040603, "stable", "stand-in", "", 0, "Godot Engine v4.6.3.stand-in"};
    *to = is;
}

/* A method of the engine is its name. */
static void *engine_method(const void *class, const void *name, int64_t hash) {
    (void)class, (void)hash;
    void *method;
    put_text(&method, text_of(name));
    return method;
}

/* godot-rust refuses to start in an engine with numbers of the other size, and counts on
   objects that it may refer to. */
static void call_engine(const char *method, void *object, const void *const *arguments, void *answer) {
    (void)object;
    if (!answer)
        return;
    int is_single = !strcmp(method, "has_feature") && !strcmp(text_of(arguments[0]), "single");
    *(uint8_t *)answer = is_single || !strcmp(method, "init_ref") || !strcmp(method, "reference");
}

/* An object of the engine. Of it, the library needs a number and its own half. */
typedef struct {
    uint64_t id;
    void *instance;
} Object;

static Object *new_object(void) {
    static uint64_t last_id = 100;
    Object *object = calloc(1, sizeof *object);
    if (!object)
        abort();
    object->id = ++last_id;
    return object;
}

/* Singletons of the engine, and whatever else is asked for. */
static void *some_object(void) {
    static Object object = {42, NULL};
    return &object;
}

static uint64_t object_id(const Object *object) {
    return object->id;
}

/* The object that was made last, which is the only one at work. */
static Object *latest;

static void *object_of(uint64_t id) {
    return latest && latest->id == id ? (void *)latest : some_object();
}

static void *make_object(const void *class) {
    (void)class;
    return latest = new_object();
}

static void set_instance(Object *object, const void *class, void *instance) {
    (void)class;
    object->instance = instance;
}

static void complain(const char *what, const char *function, const char *file, int32_t line) {
    complaints++;
    fprintf(stderr, "the library says: %s (%s, %s:%d)\n", what, function, file, (int)line);
}

static void complain_at_length(const char *what, const char *message, const char *function,
                               const char *file, int32_t line) {
    complain(message && *message ? message : what, function, file, line);
}

/* ---- What the library registers ---- */

static int classes, methods, signals, properties, constants;

/* As many of each are kept, to be used; all are counted. */
enum { MOST = 512 };

/* Names are kept, as the library gives its own back. */
static const char *kept(const void *name) {
    void *copy;
    put_text(&copy, text_of(name));
    return copy;
}

typedef struct {
    uint8_t is_virtual, is_abstract, is_exposed, is_runtime;
    const void *icon;
    void *unused[11];
    void *(*create)(void *data, uint8_t notifies);
    void (*destroy)(void *data, void *instance);
    void *more[4];
    void *data;
} Class;

static struct {
    const char *name;
    Class about;
} known_classes[MOST];

static void on_class(void *library, const void *name, const void *parent, const Class *about) {
    (void)library;
    printf("class %s extends %s\n", text_of(name), text_of(parent));
    if (classes < MOST) {
        known_classes[classes].name = kept(name);
        known_classes[classes].about = *about;
    }
    classes++;
}

typedef struct {
    const void *name;
    void *data, *call;
    void (*quick_call)(void *data, void *instance, const void *const *arguments, void *answer);
    uint32_t flags;
    uint8_t has_answer;
    const void *answer;
    int answer_kind;
    uint32_t argument_count;
} Method;

static struct {
    const char *class, *name;
    Method about;
} known_methods[MOST];

static void on_method(void *library, const void *class, const Method *about) {
    (void)library;
    if (methods < MOST) {
        known_methods[methods].class = kept(class);
        known_methods[methods].name = kept(about->name);
        known_methods[methods].about = *about;
    }
    methods++;
    printf("%s: method %s of %u, flags %u, answers %u\n", text_of(class), text_of(about->name),
           (unsigned)about->argument_count, (unsigned)about->flags, (unsigned)about->has_answer);
}

static void on_signal(void *library, const void *class, const void *name, const void *about, int64_t count) {
    (void)library, (void)about;
    signals++;
    printf("%s: signal %s of %d\n", text_of(class), text_of(name), (int)count);
}

typedef struct {
    int32_t type;
    const void *name;
} Property;

static struct {
    const char *class, *getter;
    int32_t type;
} known_properties[MOST];

static void on_property(void *library, const void *class, const Property *about, const void *setter,
                        const void *getter) {
    (void)library;
    if (properties < MOST) {
        known_properties[properties].class = kept(class);
        known_properties[properties].getter = kept(getter);
        known_properties[properties].type = about->type;
    }
    properties++;
    printf("%s: property %s of type %d, %s, %s\n", text_of(class), text_of(about->name), (int)about->type,
           text_of(setter), text_of(getter));
}

static void on_group(void *library, const void *class, const void *name, const void *prefix) {
    (void)library;
    printf("%s: group %s, %s\n", text_of(class), text_of(name), text_of(prefix));
}

static void on_constant(void *library, const void *class, const void *list, const void *name, int64_t value,
                        uint8_t is_flag) {
    (void)library, (void)list, (void)is_flag;
    constants++;
    printf("%s: constant %s = %" PRId64 "\n", text_of(class), text_of(name), value);
}

/* ---- What the library does ---- */

/* Types of values, as Godot counts them. */
enum { A_BOOL = 1, AN_INT = 2, A_FLOAT = 3 };

/* Asks an object of the library for a number. */
static void read_property(int property, const char *class, void *instance) {
    for (int i = 0; i < methods && i < MOST; i++) {
        if (strcmp(known_methods[i].class, class) || strcmp(known_methods[i].name, known_properties[property].getter))
            continue;
        union {
            uint8_t is;
            int64_t number;
            double real;
        } answer = {0};
        known_methods[i].about.quick_call(known_methods[i].about.data, instance, NULL, &answer);
        printf("%s: %s() = ", class, known_methods[i].name);
        switch (known_properties[property].type) {
        case A_BOOL: printf("%u\n", answer.is); break;
        case AN_INT: printf("%" PRId64 "\n", answer.number); break;
        default: printf("%f\n", answer.real);
        }
    }
}

/* Makes one object of each class, reads all its numbers, and destroys it. */
static void use_classes(void) {
    for (int i = 0; i < classes && i < MOST; i++) {
        const char *name = known_classes[i].name;
        const Class *class = &known_classes[i].about;
        if (!class->create)
            continue;
        Object *object = class->create(class->data, 1);
        if (!object || !object->instance) {
            complain("an object cannot be made", name, __FILE__, __LINE__);
            continue;
        }
        for (int p = 0; p < properties && p < MOST; p++) {
            int32_t type = known_properties[p].type;
            if (!strcmp(known_properties[p].class, name) && type >= A_BOOL && type <= A_FLOAT)
                read_property(p, name, object->instance);
        }
        class->destroy(class->data, object->instance);
        printf("%s: made, read and destroyed\n", name);
    }
}

/* ---- The interface ---- */

static const struct {
    const char *name;
    Function function;
} ANSWERS[] = {
#define ANSWER(name, function) {name, (Function)function}
    ANSWER("get_godot_version", version),
    ANSWER("get_godot_version2", long_version),
    ANSWER("string_name_new_with_latin1_chars", put_name),
    ANSWER("string_name_new_with_utf8_chars", put_text),
    ANSWER("string_name_new_with_utf8_chars_and_len", put_part),
    ANSWER("string_new_with_latin1_chars", put_text),
    ANSWER("string_new_with_utf8_chars", put_text),
    ANSWER("string_new_with_latin1_chars_and_len", put_part),
    ANSWER("string_new_with_utf8_chars_and_len", put_part),
    ANSWER("string_new_with_utf8_chars_and_len2", put_part_or_fail),
    ANSWER("variant_get_ptr_constructor", constructor),
    ANSWER("variant_get_ptr_destructor", some_function),
    ANSWER("variant_get_ptr_operator_evaluator", operator_of),
    ANSWER("variant_get_ptr_builtin_method", builtin_method),
    ANSWER("variant_get_ptr_utility_function", utility),
    ANSWER("get_variant_from_type_constructor", some_function),
    ANSWER("get_variant_to_type_constructor", some_function),
    ANSWER("classdb_get_method_bind", engine_method),
    ANSWER("classdb_get_class_tag", some_object),
    ANSWER("object_method_bind_ptrcall", call_engine),
    ANSWER("object_get_instance_id", object_id),
    ANSWER("object_get_instance_from_id", object_of),
    ANSWER("object_set_instance", set_instance),
    ANSWER("classdb_construct_object", make_object),
    ANSWER("classdb_construct_object2", make_object),
    ANSWER("object_get_instance_binding", some_object),
    ANSWER("global_get_singleton", some_object),
    ANSWER("print_error", complain),
    ANSWER("print_error_with_message", complain_at_length),
    ANSWER("print_warning", complain),
    ANSWER("print_warning_with_message", complain_at_length),
    ANSWER("print_script_error", complain),
    ANSWER("print_script_error_with_message", complain_at_length),
    ANSWER("classdb_register_extension_class", on_class),
    ANSWER("classdb_register_extension_class2", on_class),
    ANSWER("classdb_register_extension_class3", on_class),
    ANSWER("classdb_register_extension_class4", on_class),
    ANSWER("classdb_register_extension_class5", on_class),
    ANSWER("classdb_register_extension_class_method", on_method),
    ANSWER("classdb_register_extension_class_signal", on_signal),
    ANSWER("classdb_register_extension_class_property", on_property),
    ANSWER("classdb_register_extension_class_property_group", on_group),
    ANSWER("classdb_register_extension_class_property_subgroup", on_group),
    ANSWER("classdb_register_extension_class_integer_constant", on_constant),
#undef ANSWER
};

static Function answer(const char *name) {
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++)
        if (!strcmp(name, ANSWERS[i].name))
            return ANSWERS[i].function;
    return (Function)nothing;
}

typedef struct {
    int32_t first_level;
    void *data;
    void (*start)(void *data, int32_t level);
    void (*stop)(void *data, int32_t level);
} Stages;

typedef uint8_t (*Entry)(Function (*ask)(const char *name), void *library, Stages *stages);

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "stand_in LIBRARY ENTRY_SYMBOL\n");
        return MISUSED;
    }
    Library library = open_library(arguments[1]);
    if (!library)
        return NOT_LOADED;
    Entry enter = (Entry)find(library, arguments[2]);
    if (!enter) {
        fprintf(stderr, "the library has no %s\n", arguments[2]);
        return NO_ENTRY;
    }
    Stages stages = {0};
    if (!enter(answer, some_object(), &stages)) {
        fprintf(stderr, "%s refuses to start\n", arguments[2]);
        return REFUSED;
    }
    /* A game has no editor, so its level does not come. */
    for (int32_t level = stages.first_level; level < EDITOR_LEVEL; level++)
        stages.start(stages.data, level);
    use_classes();
    printf("%d classes, %d methods, %d signals, %d properties, %d constants\n", classes, methods, signals,
           properties, constants);
    for (int32_t level = EDITOR_LEVEL - 1; level >= stages.first_level; level--)
        stages.stop(stages.data, level);
    if (!close_library(library, arguments[1])) {
        fprintf(stderr, "the library does not unload\n");
        return STAYED;
    }
    printf("stopped and unloaded\n");
    return complaints ? COMPLAINED : DONE;
}
