// SPDX-License-Identifier: Apache-2.0

using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace SystemContainers.Tests.Rooms;

/// <summary>The metadata tokens in a method's body (ECMA-335, III).</summary>
static class IlTokens
{
    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes)
        .GetFields()
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(c => c.Value & 0xffff);

    public static IEnumerable<EntityHandle> Of(BlobReader code)
    {
        List<EntityHandle> tokens = [];
        while (code.RemainingBytes > 0)
        {
            int value = code.ReadByte();
            OpCode instruction = s_codes[value == 0xfe ? value << 8 | code.ReadByte() : value];
            switch (instruction.OperandType)
            {
                case OperandType.InlineField
                or OperandType.InlineMethod
                or OperandType.InlineTok
                or OperandType.InlineType
                or OperandType.InlineSig:
                    tokens.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                default:
                    code.Offset += Size(instruction.OperandType);
                    break;
            }
        }

        return tokens;
    }

    private static int Size(OperandType operand) =>
        operand switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            _ => 4,
        };
}
