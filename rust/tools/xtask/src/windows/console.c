/* Runs a Windows program on a console of its own, and presses its keys.

   `console PROGRAM ARGUMENT…` starts the program with our outputs. Then it reads words, one
   a line: `ctrl-c` presses these keys on the program's console, `kill` ends the program as
   the task manager does, and so does the end of the words. Debian 12's Wine passes on no
   Ctrl-Break. Without us the program ends as well. The last line of the output is
   `ended: NUMBER`, the program's exit code. */

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static HANDLE program;
static DWORD program_id;

static int fail(const char *what) {
    fprintf(stderr, "console: %s: error %lu\n", what, GetLastError());
    return 1;
}

/* All who share a console get its keys, so we must not die of them. */
static BOOL WINAPI ignore_keys(DWORD key) {
    (void)key;
    return TRUE;
}

static DWORD WINAPI read_words(void *unused) {
    (void)unused;
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        BOOL is_done = TRUE;
        if (!strcmp(line, "ctrl-c"))
            is_done = GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
        else if (!strcmp(line, "kill"))
            is_done = TerminateProcess(program, 137);
        else
            fprintf(stderr, "console: what is `%s`?\n", line);
        if (!is_done)
            fail(line);
    }
    /* Nobody is there any more who could end it. */
    TerminateProcess(program, 137);
    return 0;
}

/* What stands behind our own name on the command line. */
static wchar_t *rest_of_command_line(void) {
    wchar_t *rest = GetCommandLineW();
    if (*rest == L'"') {
        rest = wcschr(rest + 1, L'"');
        rest = rest ? rest + 1 : L"";
    }
    rest += wcscspn(rest, L" \t");
    return rest + wcsspn(rest, L" \t");
}

int main(void) {
    wchar_t *command = rest_of_command_line();
    STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    PROCESS_INFORMATION started;
    /* Suspended until it is bound to us: it must not outlive us. */
    if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, CREATE_NO_WINDOW | CREATE_SUSPENDED, NULL, NULL,
                        &start, &started))
        return fail("cannot start the program");
    program = started.hProcess;
    program_id = started.dwProcessId;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (!job || !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits) ||
        !AssignProcessToJobObject(job, program)) {
        TerminateProcess(program, 1);
        return fail("cannot bind the program to us");
    }
    ResumeThread(started.hThread);

    FreeConsole();
    /* The program has its console from the moment it runs. */
    while (!AttachConsole(program_id)) {
        if (WaitForSingleObject(program, 20) != WAIT_TIMEOUT)
            break;
    }
    SetConsoleCtrlHandler(ignore_keys, TRUE);
    CreateThread(NULL, 0, read_words, NULL, 0, NULL);

    DWORD code = 0;
    WaitForSingleObject(program, INFINITE);
    GetExitCodeProcess(program, &code);
    printf("ended: %lu\n", code);
    fflush(stdout);
    return 0;
}
