using Gatehouse.Hub.Rotation;
using Xunit;

namespace Gatehouse.Provisioning.Tests;

/// <summary>What an operator and the clock do with a plan.</summary>
internal static class PlanSteps
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    internal static Task<ProvisioningHost.Answer> CreateAsync(ProvisioningHost host, string kind, string subject, string more = "") =>
        host.AskAsync("POST", "/rotations", $$"""{"kind":"{{kind}}","subject":"{{subject}}"{{(more.Contains("unusedForSeconds", StringComparison.Ordinal) ? "" : ",\"unusedForSeconds\":60")}}{{more}}}""");

    internal static async Task<ProvisioningHost.Answer> StartedAsync(ProvisioningHost host, string kind, string subject, string more = "")
    {
        var made = await CreateAsync(host, kind, subject, more);
        Assert.True(made.Code == 200, made.Body?.ToJsonString());
        return await ChangeAsync(host, made, "start");
    }

    internal static Task<ProvisioningHost.Answer> ChangeAsync(ProvisioningHost host, ProvisioningHost.Answer plan, string change) => host.AskAsync("POST", $"/rotations/{plan.Text("id")}?change={change}");

    internal static Task<ProvisioningHost.Answer> FindAsync(ProvisioningHost host, ProvisioningHost.Answer plan) => host.AskAsync("GET", $"/rotations/{plan.Text("id")}");

    internal static async Task<string> MessageAsync(ProvisioningHost host, ProvisioningHost.Answer plan) => (await FindAsync(host, plan)).Text("message");

    internal static async Task LookAsync(ProvisioningHost host, int times)
    {
        for (var i = 0; i < times; i++)
        {
            host.Time.Advance(Look);
            await host.Get<RotationRunner>().RunAsync(TestContext.Current.CancellationToken);
        }
    }
}
