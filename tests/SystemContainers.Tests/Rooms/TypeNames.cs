// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace SystemContainers.Tests.Rooms;

/// <summary>A signature as the full names of all types in it; a nested type of this assembly by that of the outermost
/// one.</summary>
sealed class TypeNames(MetadataReader metadata)
    : ISignatureTypeProvider<ImmutableArray<string>, object?>,
        ICustomAttributeTypeProvider<ImmutableArray<string>>
{
    private static readonly ImmutableArray<string> s_type = ["System.Type"];
    private readonly Dictionary<string, string> _spaces = metadata
        .TypeDefinitions.Select(metadata.GetTypeDefinition)
        .Where(t => !t.IsNested)
        .GroupBy(t => Full(metadata, t))
        .ToDictionary(g => g.Key, g => metadata.GetString(g.First().Namespace));

    /// <summary>The full name of the outermost type round this one.</summary>
    public string Of(TypeDefinitionHandle handle)
    {
        TypeDefinition type = metadata.GetTypeDefinition(handle);
        return type.IsNested ? Of(type.GetDeclaringType()) : Full(metadata, type);
    }

    /// <summary>The namespace of a type of this assembly or of a member of one, by its full name; empty for
    /// others.</summary>
    public string Namespace(string name)
    {
        for (
            string? part = name;
            part is not null;
            part = part.LastIndexOf('.') is > 0 and int dot ? part[..dot] : null
        )
        {
            if (_spaces.TryGetValue(part, out string? space))
            {
                return space;
            }
        }

        return "";
    }

    public ImmutableArray<string> GetTypeFromDefinition(
        MetadataReader reader,
        TypeDefinitionHandle handle,
        byte rawTypeKind
    ) => [Of(handle)];

    // An attribute's argument: Namespace.Type+Nested[[...]], Assembly. Every name in it counts.
    public ImmutableArray<string> GetTypeFromSerializedName(string name) =>
        [.. name.Split(['[', ']', ',', '+', ' '], StringSplitOptions.RemoveEmptyEntries).Select(n => n.Split('`')[0])];

    public ImmutableArray<string> GetTypeFromSpecification(
        MetadataReader reader,
        object? genericContext,
        TypeSpecificationHandle handle,
        byte rawTypeKind
    ) => reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public ImmutableArray<string> GetFunctionPointerType(MethodSignature<ImmutableArray<string>> signature) =>
        [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(t => t)];

    public ImmutableArray<string> GetGenericInstantiation(
        ImmutableArray<string> genericType,
        ImmutableArray<ImmutableArray<string>> typeArguments
    ) => [.. genericType, .. typeArguments.SelectMany(t => t)];

    public ImmutableArray<string> GetModifiedType(
        ImmutableArray<string> modifier,
        ImmutableArray<string> unmodifiedType,
        bool isRequired
    ) => [.. modifier, .. unmodifiedType];

    public ImmutableArray<string> GetTypeFromReference(
        MetadataReader reader,
        TypeReferenceHandle handle,
        byte rawTypeKind
    ) =>
        reader.GetTypeReference(handle) is var type
            ? [$"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}"]
            : [];

    public ImmutableArray<string> GetArrayType(ImmutableArray<string> elementType, ArrayShape shape) => elementType;

    public ImmutableArray<string> GetByReferenceType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetPinnedType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetPointerType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetSZArrayType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetGenericMethodParameter(object? genericContext, int index) => [];

    public ImmutableArray<string> GetGenericTypeParameter(object? genericContext, int index) => [];

    public ImmutableArray<string> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    public ImmutableArray<string> GetSystemType() => s_type;

    public bool IsSystemType(ImmutableArray<string> type) => type.AsSpan().SequenceEqual(s_type.AsSpan());

    // Whose attributes are read is loaded; the metadata of one assembly doesn't say what others' enums are.
    public PrimitiveTypeCode GetUnderlyingEnumType(ImmutableArray<string> type) =>
        Type.GetTypeCode(
            AppDomain
                .CurrentDomain.GetAssemblies()
                .Select(a => a.GetType(type[0]))
                .FirstOrDefault(t => t is { IsEnum: true })
        ) switch
        {
            TypeCode.Byte => PrimitiveTypeCode.Byte,
            TypeCode.SByte => PrimitiveTypeCode.SByte,
            TypeCode.Int16 => PrimitiveTypeCode.Int16,
            TypeCode.UInt16 => PrimitiveTypeCode.UInt16,
            TypeCode.UInt32 => PrimitiveTypeCode.UInt32,
            TypeCode.Int64 => PrimitiveTypeCode.Int64,
            TypeCode.UInt64 => PrimitiveTypeCode.UInt64,
            _ => PrimitiveTypeCode.Int32,
        };

    private static string Full(MetadataReader metadata, TypeDefinition type) =>
        $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name).Split('`')[0]}";
}
