// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Systemd.DBus;
using Tmds.DBus.Protocol;

namespace SystemContainers.Tests.Systemd.DBus;

/// <summary>Answers to the few calls that queue jobs as org.freedesktop.systemd1(5) has them, on a bus of its own; each
/// job is done at once.</summary>
/// <param name="bus">That it is on.</param>
/// <param name="version">As its property says.</param>
/// <param name="hasMany">Whether it knows EnqueueUnitJobMany.</param>
sealed class FakeManager(DBusConnection bus, string version, bool hasMany) : IPathMethodHandler
{
    private uint _jobs;

    /// <summary>The calls that queue something: method, units, and of many the type, mode and flags.</summary>
    public List<string> Calls { get; } = [];

    public string Path => SystemdConnection.ManagerPath;

    public bool HandlesChildPaths => true;

    public ValueTask HandleMethodAsync(MethodContext context)
    {
        Reader reader = context.Request.GetBodyReader();
        switch (context.Request.MemberAsString)
        {
            case "Get":
                _ = reader.ReadString();
                VariantValue value =
                    reader.ReadString() == "Version" ? version : VariantValue.Array(Array.Empty<string>());
                Reply(context, "v", (ref MessageWriter writer) => writer.WriteVariant(value));
                break;
            case "Subscribe":
                Reply(context, null, null);
                break;
            case "EnqueueUnitJobMany" when hasMany:
                string[] units = reader.ReadArrayOfString();
                (string type, string mode, ulong flags) = (
                    reader.ReadString(),
                    reader.ReadString(),
                    reader.ReadUInt64()
                );
                Calls.Add($"EnqueueUnitJobMany {string.Join(' ', units)}: {type} {mode} {flags}");
                (uint Id, string Unit)[] jobs = [.. units.Select(u => (++_jobs, u))];
                Reply(
                    context,
                    "a(uosos)",
                    (ref MessageWriter writer) =>
                    {
                        ArrayStart start = writer.WriteArrayStart(DBusType.Struct);
                        foreach ((uint id, string unit) in jobs)
                        {
                            writer.WriteStructureStart();
                            writer.WriteUInt32(id);
                            writer.WriteObjectPath(Job(id));
                            writer.WriteString(unit);
                            writer.WriteObjectPath(SystemdConnection.PathOf(unit));
                            writer.WriteString(type);
                        }

                        writer.WriteArrayEnd(start);
                    }
                );
                Array.ForEach(jobs, j => End(j.Id, j.Unit));
                break;
            case "StartUnit" or "RestartUnit":
                string name = reader.ReadString();
                Calls.Add($"{context.Request.MemberAsString} {name}");
                uint job = ++_jobs;
                Reply(context, "o", (ref MessageWriter writer) => writer.WriteObjectPath(Job(job)));
                End(job, name);
                break;
            default:
                Calls.Add($"unknown {context.Request.MemberAsString}");
                context.ReplyUnknownMethodError();
                break;
        }

        return default;
    }

    private static string Job(uint id) => $"{SystemdConnection.ManagerPath}/job/{id}";

    private static void Reply(MethodContext context, string? signature, SystemdConnection.ArgumentWriter? write)
    {
        MessageWriter writer = context.CreateReplyWriter(signature!);
        try
        {
            write?.Invoke(ref writer);
            context.Reply(writer.CreateMessage());
        }
        finally
        {
            writer.Dispose();
        }
    }

    private void End(uint id, string unit)
    {
        MessageWriter writer = bus.GetMessageWriter();
        try
        {
            writer.WriteSignalHeader(
                null,
                SystemdConnection.ManagerPath,
                SystemdConnection.Manager,
                "JobRemoved",
                "uoss"
            );
            writer.WriteUInt32(id);
            writer.WriteObjectPath(Job(id));
            writer.WriteString(unit);
            writer.WriteString("done");
            bus.TrySendMessage(writer.CreateMessage());
        }
        finally
        {
            writer.Dispose();
        }
    }
}
