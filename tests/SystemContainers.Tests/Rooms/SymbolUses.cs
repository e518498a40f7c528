// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace SystemContainers.Tests.Rooms;

/// <summary>
/// Which namespace of an assembly uses which other one, read from its metadata and IL: base types, signatures,
/// attributes, type arguments, constraints, locals, handlers and every token of a body. What the compiler folds away
/// (constants, nameof) is not there.
/// </summary>
sealed class SymbolUses
{
    private readonly MetadataReader _metadata;
    private readonly TypeNames _names;
    private readonly string _root;
    private readonly Dictionary<(string From, string To), string> _uses = [];

    private SymbolUses(PEReader image, string root)
    {
        _root = root;
        _metadata = image.GetMetadataReader();
        _names = new TypeNames(_metadata);
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            Read(image, handle);
        }
    }

    /// <summary>Each pair of namespaces below <paramref name="root"/> with one use:
    /// <c>Store.ContentStore.Add uses Tar.TarEntry</c>.</summary>
    public static IReadOnlyDictionary<(string From, string To), string> Of(string assembly, string root)
    {
        using PEReader image = new(File.OpenRead(assembly));
        return new SymbolUses(image, root)._uses;
    }

    /// <summary>All namespaces below <paramref name="root"/> that declare a type.</summary>
    public static IReadOnlySet<string> Rooms(string assembly, string root)
    {
        using PEReader image = new(File.OpenRead(assembly));
        MetadataReader metadata = image.GetMetadataReader();
        return metadata
            .TypeDefinitions.Select(t => metadata.GetString(metadata.GetTypeDefinition(t).Namespace))
            .Where(n => n.StartsWith(root + '.', StringComparison.Ordinal))
            .ToHashSet();
    }

    private void Read(PEReader image, TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        string name = Label(handle);
        Entity(name, type.BaseType);
        Attributes(name, type.GetCustomAttributes());
        Constraints(name, type.GetGenericParameters());
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            Entity(name, _metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (FieldDefinition field in type.GetFields().Select(_metadata.GetFieldDefinition))
        {
            string member = $"{name}.{_metadata.GetString(field.Name)}";
            Types(member, field.DecodeSignature(_names, null));
            Attributes(member, field.GetCustomAttributes());
        }

        foreach (PropertyDefinition property in type.GetProperties().Select(_metadata.GetPropertyDefinition))
        {
            Attributes($"{name}.{_metadata.GetString(property.Name)}", property.GetCustomAttributes());
        }

        foreach (MethodDefinition method in type.GetMethods().Select(_metadata.GetMethodDefinition))
        {
            Read(image, $"{name}.{_metadata.GetString(method.Name)}", method);
        }
    }

    private void Read(PEReader image, string member, MethodDefinition method)
    {
        Signature(member, method.DecodeSignature(_names, null));
        Attributes(member, method.GetCustomAttributes());
        Constraints(member, method.GetGenericParameters());
        foreach (ParameterHandle parameter in method.GetParameters())
        {
            Attributes(member, _metadata.GetParameter(parameter).GetCustomAttributes());
        }

        if (method.RelativeVirtualAddress == 0)
        {
            return;
        }

        MethodBodyBlock body = image.GetMethodBody(method.RelativeVirtualAddress);
        Entity(member, body.LocalSignature);
        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            Entity(member, region.CatchType);
        }

        foreach (EntityHandle token in IlTokens.Of(body.GetILReader()))
        {
            Entity(member, token);
        }
    }

    private string Label(TypeDefinitionHandle handle) =>
        _metadata.GetTypeDefinition(handle) is { IsNested: true } nested
            ? $"{Label(nested.GetDeclaringType())}.{_metadata.GetString(nested.Name)}"
            : _names.Of(handle);

    private void Entity(string member, EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                Types(member, [_names.Of((TypeDefinitionHandle)handle)]);
                break;
            case HandleKind.TypeSpecification:
                Types(
                    member,
                    _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_names, null)
                );
                break;
            case HandleKind.MethodDefinition:
                Entity(member, _metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Entity(member, _metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                MemberReference reference = _metadata.GetMemberReference((MemberReferenceHandle)handle);
                Entity(member, reference.Parent);
                if (reference.GetKind() == MemberReferenceKind.Field)
                {
                    Types(member, reference.DecodeFieldSignature(_names, null));
                }
                else
                {
                    Signature(member, reference.DecodeMethodSignature(_names, null));
                }

                break;
            case HandleKind.MethodSpecification:
                MethodSpecification instance = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Entity(member, instance.Method);
                Types(member, [.. instance.DecodeSignature(_names, null).SelectMany(t => t)]);
                break;
            case HandleKind.StandaloneSignature:
                StandaloneSignature signature = _metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle);
                if (signature.GetKind() == StandaloneSignatureKind.LocalVariables)
                {
                    Types(member, [.. signature.DecodeLocalSignature(_names, null).SelectMany(t => t)]);
                }
                else
                {
                    Signature(member, signature.DecodeMethodSignature(_names, null));
                }

                break;
        }
    }

    private void Signature(string member, MethodSignature<ImmutableArray<string>> signature) =>
        Types(member, [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(t => t)]);

    private void Constraints(string member, GenericParameterHandleCollection parameters)
    {
        foreach (
            GenericParameterConstraintHandle constraint in parameters.SelectMany(p =>
                _metadata.GetGenericParameter(p).GetConstraints()
            )
        )
        {
            Entity(member, _metadata.GetGenericParameterConstraint(constraint).Type);
        }
    }

    // An attribute's typeof is text in its blob.
    private void Attributes(string member, CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttribute attribute in attributes.Select(_metadata.GetCustomAttribute))
        {
            Entity(member, attribute.Constructor);
            CustomAttributeValue<ImmutableArray<string>> value = attribute.DecodeValue(_names);
            Types(
                member,
                [
                    .. value
                        .FixedArguments.Select(a => a.Value)
                        .Concat(value.NamedArguments.Select(a => a.Value))
                        .OfType<ImmutableArray<string>>()
                        .SelectMany(t => t),
                ]
            );
        }
    }

    private void Types(string member, ImmutableArray<string> types)
    {
        foreach (string type in types)
        {
            (string from, string to) = (_names.Namespace(member), _names.Namespace(type));
            if (from != to && IsRoom(from) && IsRoom(to))
            {
                _uses.TryAdd((from, to), $"{member[(_root.Length + 1)..]} uses {type[(_root.Length + 1)..]}");
            }
        }
    }

    private bool IsRoom(string space) => space.StartsWith(_root + '.', StringComparison.Ordinal);
}
