using System.Text;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Methods;
using Xunit;

namespace Gatehouse.Hub.Tests.Methods;

/// <summary>Short ways to call and to answer.</summary>
internal static class MethodSteps
{
    internal static async Task<Result<MethodAnswer>> CallAsync(
        this HubHost hub, string identity, string name = "reboot", string payload = "", int connect = 0, int response = 30, DirectMethods? on = null, CancellationToken? token = null)
    {
        var methods = on ?? hub.Get<DirectMethods>();
        var call = new MethodCall(name, Encoding.UTF8.GetBytes(payload), TimeSpan.FromSeconds(connect), TimeSpan.FromSeconds(response));
        return await methods.InvokeAsync(hub.Hub, HubHost.Key(identity), call, token ?? TestContext.Current.CancellationToken);
    }

    internal static ServedMethods Serve(this HubHost hub, string identity, TestTarget target, string? generation = null) => hub.Get<DirectMethods>().Serve(hub, identity, target, generation);

    internal static ServedMethods Serve(this DirectMethods node, HubHost hub, string identity, TestTarget target, string? generation = null)
    {
        var served = node.Open(hub.Hub, HubHost.Key(identity), generation, target);
        served.Begin();
        return served;
    }

    internal static void Answer(this ServedMethods served, Guid id, int status, string payload) => served.Answer(id, status, Encoding.UTF8.GetBytes(payload));

    internal static string Text(this ReadOnlyMemory<byte> payload) => Encoding.UTF8.GetString(payload.Span);

    internal static string Text(this MethodAnswer answer) => $"{answer.Status} {answer.Payload.Text()}";

    /// <summary>Name of the error; null for an answer.</summary>
    internal static async Task<string?> ErrorAsync(this Task<Result<MethodAnswer>> call) => (await call).Error?.Name;
}
