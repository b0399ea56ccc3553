using System.Text.Json.Nodes;
using Spectre.Console;

namespace Gatehouse.Cli.Output;

/// <summary>Where a command writes. Whatever passes here is made harmless; colours and moving lines are for terminals only.</summary>
internal sealed class Terminal
{
    private readonly Surroundings surroundings;
    private readonly IAnsiConsole console;
    private bool hasProgress;

    internal Terminal(Surroundings surroundings)
    {
        this.surroundings = surroundings;
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(surroundings.Output),
            Ansi = surroundings.IsOutputTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = surroundings.IsOutputTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
    }

    /// <summary>A line of the result.</summary>
    internal void Line(string text) => surroundings.Output.WriteLine(SafeText.Of(text));

    internal void Json(JsonNode node, bool isIndented = true) => surroundings.Output.WriteLine(SafeJson.Write(node, isIndented));

    /// <summary>Something worth knowing that is not the result.</summary>
    internal void Note(string text)
    {
        EndProgress();
        WriteError(SafeText.Of(text) + Environment.NewLine);
    }

    /// <summary>Why the command ends: one line.</summary>
    internal void Problem(string text) => Note("gatehouse: " + string.Join(' ', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>One line that replaces the one before; nothing where nobody watches.</summary>
    internal void Progress(string text)
    {
        if (surroundings.IsErrorTerminal)
        {
            WriteError($"\r{SafeText.Of(text)}\u001b[K");
            hasProgress = true;
        }
    }

    internal void EndProgress()
    {
        if (hasProgress)
        {
            WriteError("\r\u001b[K");
            hasProgress = false;
        }
    }

    internal void Table(IReadOnlyList<string> headers, IEnumerable<IEnumerable<string?>> rows)
    {
        if (!surroundings.IsOutputTerminal)
        {
            PlainTable([headers, .. rows.Select(row => row.Select(SafeText.Of).ToList())]);
            return;
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (var header in headers)
        {
            table.AddColumn(new TableColumn(new Text(header)));
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(SafeText.Of(cell))));
        }

        console.Write(table);
    }

    /// <summary>Names and values, one pair a line; values that are null are left out.</summary>
    internal void Facts(params IEnumerable<(string Name, string? Value)> facts)
    {
        var known = facts.Where(fact => fact.Value is not null).ToList();
        var width = known.Count == 0 ? 0 : known.Max(fact => fact.Name.Length) + 2;
        foreach (var (name, value) in known)
        {
            surroundings.Output.WriteLine(name.PadRight(width) + SafeText.Of(value));
        }
    }

    // A terminal that was closed must not keep a command from tidying up.
    private void WriteError(string text)
    {
        try
        {
            surroundings.Error.Write(text);
        }
        catch (IOException)
        {
            // Nobody reads it.
        }
    }

    // For files and pipes: one line a row, never wrapped.
    private void PlainTable(List<IReadOnlyList<string>> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Count).Select(column => rows.Max(row => row[column].Length)).ToList();
        foreach (var row in rows)
        {
            surroundings.Output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
