// SPDX-License-Identifier: Apache-2.0

using SystemContainers.MethodOrder;
using SystemContainers.TestBed;

// Writes the methods that ordinary calls of artifacts/sysctr run, those of a container's start first, for the linker to
// put them side by side: MethodOrder FILE.
if (args is not [string file])
{
    Console.Error.WriteLine("usage: MethodOrder FILE");
    return 64;
}

string storage = await ImageBuilder.RegistryStorageAsync([new("httpd"), new("etcd"), new("probe")]);
await using NspawnHost host = await NspawnHost.StartAsync(HostRoot.Bookworm, storage);
IReadOnlyList<ulong> addresses = await new TracedHost(host).RunAsync();
SymbolTable symbols = await SymbolTable.ReadAsync(Path.Combine(Workspace.Artifacts, "sysctr.dbg"));

// What mounts a tree runs at each start, and not there.
IReadOnlyList<string> names = symbols.Methods(addresses, "SystemContainers_SystemContainers_Composefs_Mounting_");
await File.WriteAllLinesAsync(file, names);
Console.WriteLine($"{names.Count} methods in {file}");
return 0;
