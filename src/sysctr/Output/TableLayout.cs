// SPDX-License-Identifier: Apache-2.0

using SystemContainers.Errors;

namespace SystemContainers.Cli.Output;

/// <summary>
/// Rows in columns as wide as their widest cell; in so many columns of a terminal as there are. What is too wide is
/// cut, to what the column says at least, then columns that can be missed are left out. A pipe gets all of it.
/// </summary>
static class TableLayout
{
    private const string Gap = "  ";

    /// <param name="rows">As many cells each.</param>
    /// <param name="width">Of the terminal; null for none.</param>
    /// <param name="coloured">Whether states have colours.</param>
    /// <param name="withHeading">Whether the first line names the columns.</param>
    public static IEnumerable<string> Lines(
        IReadOnlyList<TableColumn> columns,
        IReadOnlyList<IReadOnlyList<string>> rows,
        int? width,
        bool coloured,
        bool withHeading
    )
    {
        string[][] cells = [.. rows.Select(r => (string[])[.. r.Select(VisibleText.Line)])];
        int[] widths =
        [
            .. columns.Select(
                (c, i) => cells.Select(r => r[i].Length).Append(withHeading ? c.Heading.Length : 0).Max()
            ),
        ];
        int[] shown = [.. Enumerable.Range(0, columns.Count)];
        if (width is { } room)
        {
            (shown, widths) = Fit(columns, widths, room);
        }

        if (withHeading)
        {
            yield return Line(shown.Select(i => Cell(columns[i].Heading, columns[i], widths[i], Colour.None)));
        }

        foreach (string[] row in cells)
        {
            yield return Line(
                shown.Select(i =>
                    Cell(
                        row[i],
                        columns[i],
                        widths[i],
                        coloured && columns[i].IsState ? Colours.OfState(row[i]) : Colour.None
                    )
                )
            );
        }
    }

    private static (int[] Shown, int[] Widths) Fit(IReadOnlyList<TableColumn> columns, int[] natural, int room)
    {
        int[] shown = [.. Enumerable.Range(0, columns.Count)];
        while (true)
        {
            int[] widths = [.. natural];
            int excess = Cut(
                widths,
                shown,
                c => c.Least,
                shown.Sum(i => widths[i]) + (Gap.Length * (shown.Length - 1)) - room
            );
            int dispensable = shown.MaxBy(i => columns[i].Dispensable);
            if (excess > 0 && columns[dispensable].Dispensable > 0)
            {
                shown = [.. shown.Where(i => i != dispensable)];
                continue;
            }

            Cut(widths, shown, c => c.LeastLeft, excess);
            return (shown, widths);
        }

        // Takes from the widest what the table has too much, as far as its columns allow; returns what is left of it.
        int Cut(int[] widths, int[] shown, Func<TableColumn, int> least, int excess)
        {
            while (
                excess > 0
                && shown
                    .Where(i => least(columns[i]) > 0 && widths[i] > least(columns[i]))
                    .DefaultIfEmpty(-1)
                    .MaxBy(i => i < 0 ? 0 : widths[i])
                    is var widest
                        and >= 0
            )
            {
                int cut = Math.Min(excess, Math.Max(1, (widths[widest] - least(columns[widest])) / 2));
                widths[widest] -= cut;
                excess -= cut;
            }

            return excess;
        }
    }

    private static string Line(IEnumerable<string> cells) => string.Join(Gap, cells).TrimEnd();

    private static string Cell(string text, TableColumn column, int width, Colour colour)
    {
        string cut =
            text.Length <= width ? text
            : column.KeepsEnd ? "…" + text[^(width - 1)..]
            : text[..(width - 1)] + "…";
        string padding = new(' ', width - cut.Length);
        string painted = Colours.Paint(cut, colour);
        return column.IsNumber ? padding + painted : painted + padding;
    }
}
