using System.Text.Json;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>What the operator learns of a back end that was refused.</summary>
public sealed class RefusedCallerTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Theory]
    [InlineData("service", "TokenSignatureWrong")]
    [InlineData("no-such-policy", "PolicyUnknown")]
    public async Task A_refused_back_end_is_found_under_the_hub_and_the_policy_that_it_named(string policy, string reason)
    {
        var wrong = RunningApi.Sign("localhost", policy, Convert.ToBase64String(new byte[32]), api.Time.GetUtcNow().AddMinutes(5));
        Assert.Equal(401, (await api.AskAsync("GET", "/devices?api-version=2021-04-12", wrong)).Code);

        var refusal = await FindAsync(policy);

        Assert.Equal(reason, refusal.GetProperty("reason").GetString());
    }

    /// <summary>Refusals are written behind.</summary>
    private async Task<JsonElement> FindAsync(string policy)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var answer = await api.AskAsOwnerAsync("GET", $"/gatehouse/v1/refusals?identity={policy}");
            var found = JsonDocument.Parse(answer.Body).RootElement.GetProperty("value");
            if (found.GetArrayLength() > 0)
            {
                return found[0];
            }

            api.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.Fail("The refusal was never recorded under its policy.");
        return default;
    }
}
