// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Checkout;

/// <summary>Forms of checkout as people write them.</summary>
static class CheckoutForms
{
    /// <summary>What a word says.</summary>
    /// <param name="text">composefs, hardlinks, or auto.</param>
    /// <param name="form">Null for auto: the host's.</param>
    public static bool TryParse(string text, out CheckoutForm? form)
    {
        form = text switch
        {
            "composefs" => CheckoutForm.Composefs,
            "hardlinks" => CheckoutForm.HardLinks,
            _ => null,
        };
        return form is not null || text == "auto";
    }
}
