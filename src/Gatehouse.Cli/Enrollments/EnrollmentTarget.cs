using System.CommandLine;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Enrollments;

/// <summary>Which enrollment a command is about: an individual one, or with <c>--group</c> a group.</summary>
internal sealed class EnrollmentTarget
{
    private readonly Argument<string> id = new("enrollment") { Description = "Registration id of the individual enrollment, or id of the group." };

    internal Option<bool> Group { get; } = new("--group", "-g") { Description = "It is an enrollment group." };

    internal IEnumerable<Symbol> Symbols => [id, Group];

    internal string Id(Call call) => call.Value(id);

    internal bool IsGroup(Call call) => call.Value(Group);

    internal HubPath Path(Call call, params IEnumerable<string> more) => HubPath.Provisioning([Collection(IsGroup(call)), Id(call), .. more]);

    /// <summary>As sentences begin with it.</summary>
    internal string Name(Call call) => $"{Kind(IsGroup(call))} '{Id(call)}'";

    /// <summary>As command lines name it.</summary>
    internal string Words(Call call) => IsGroup(call) ? $"{Id(call)} --group" : Id(call);

    internal static string Kind(bool isGroup) => isGroup ? "enrollment group" : "enrollment";

    internal static string Collection(bool isGroup) => isGroup ? "enrollmentGroups" : "enrollments";
}
