// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Reflection.Emit;
using SystemContainers.Target;
using Xunit;

namespace SystemContainers.Tests.Target;

/// <summary>What it costs to look at a host: who reads a property neither makes, mounts nor waits for
/// anything.</summary>
public sealed class HostPropertiesTests
{
    /// <summary>By what their code calls: other properties, and whether a directory is there. The two that are left
    /// read registries.conf, once, and policy.json.</summary>
    [Fact]
    public void A_property_hands_out_what_is_there()
    {
        PropertyInfo[] all = typeof(Host).GetProperties(
            BindingFlags.Instance | BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic
        );

        Assert.NotEmpty(all);
        Assert.Equal(
            ["Registries", "SignaturePolicy"],
            all.Where(p => Calls(p.GetMethod!).Any(m => !IsHarmless(m))).Select(p => p.Name).Order()
        );
    }

    private static bool IsHarmless(MethodBase called) =>
        called.DeclaringType is { IsGenericType: true } generic && generic.GetGenericTypeDefinition() == typeof(Lazy<>)
            ? false
            : called.Name.StartsWith("get_", StringComparison.Ordinal)
                || called.Name is "op_Equality"
                || (called.DeclaringType == typeof(Directory) && called.Name == nameof(Directory.Exists));

    /// <summary>The methods that a method's code names behind a call or callvirt.</summary>
    private static IEnumerable<MethodBase> Calls(MethodInfo method)
    {
        byte[] code = method.GetMethodBody()!.GetILAsByteArray()!;
        for (int i = 0; i + 4 < code.Length; i++)
        {
            if (
                (code[i] == OpCodes.Call.Value || code[i] == OpCodes.Callvirt.Value)
                && Find(method.Module, BitConverter.ToInt32(code, i + 1)) is { } called
            )
            {
                yield return called;
            }
        }
    }

    /// <returns>Null where the bytes are part of something else.</returns>
    private static MethodBase? Find(Module module, int token)
    {
        try
        {
            return module.ResolveMethod(token);
        }
        catch (Exception e) when (e is ArgumentException or BadImageFormatException)
        {
            return null;
        }
    }
}
