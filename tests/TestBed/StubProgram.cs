// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.TestBed;

/// <summary>
/// A program that needs nothing of its image, not even a C library: it prints its arguments, says READY=1 where
/// somebody listens, and stays until it is told to end. As <c>stub once FILE</c> it writes the file and ends with 3.
/// </summary>
public static class StubProgram
{
    private const string Source = """
        #include <signal.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/socket.h>
        #include <sys/un.h>
        #include <unistd.h>

        static void end(int number) { _exit(0); }

        int main(int count, char **words) {
            signal(SIGTERM, end);
            printf("stub:");
            for (int i = 1; i < count; i++) printf(" %s", words[i]);
            printf("\n");
            fflush(stdout);
            if (count == 3 && strcmp(words[1], "once") == 0) {
                FILE *file = fopen(words[2], "w");
                if (!file || fputs("written\n", file) < 0 || fclose(file) != 0) { perror(words[2]); return 4; }
                return 3;
            }
            const char *path = getenv("NOTIFY_SOCKET");
            if (path) {
                struct sockaddr_un to = { .sun_family = AF_UNIX };
                strncpy(to.sun_path, path, sizeof to.sun_path - 1);
                int s = socket(AF_UNIX, SOCK_DGRAM, 0);
                if (sendto(s, "READY=1", 7, 0, (void *)&to, offsetof(struct sockaddr_un, sun_path) + strlen(path)) < 0) perror(path);
            }
            for (;;) pause();
        }
        """;

    /// <summary>The program's bytes.</summary>
    public static async Task<byte[]> GetAsync()
    {
        string made = await Cache.GetAsync(
            "stub",
            [Source],
            async folder =>
            {
                string source = Path.Combine(folder, "stub.c");
                await File.WriteAllTextAsync(source, Source);
                await Command.MustAsync("clang", "-static", "-O1", "-o", Path.Combine(folder, "stub"), source);
            }
        );
        return await File.ReadAllBytesAsync(Path.Combine(made, "stub"));
    }
}
